"""Write docs/information-coverage.md: how often intervals of nested informations hold the truth, and their bias.

    python benchmarks/information_coverage.py [--replicates 1000] [--out docs/information-coverage.md]

Takes about ten minutes on one core; seeds are fixed.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from szilard.verify.case import NestedCase, nested_cases, teachers
from szilard.verify.information import Bias, Calibration, calibrate, designs

TARGET = (0.93, 0.97)
CLUSTERS = (3, 6, 12, 24)
INFORMATIONS = ("info_task", "info_dataset", "info_seed", "l_info")

INTRODUCTION = """\
# Do the error bars of nested ensembles mean it?

Share of {replicates:,} independent ensembles whose nominal 95 % interval (delete-one-outermost-cluster jackknife, t
with one degree of freedom less than there are clusters) holds the truth that the exact system states. The number on
top is that of outermost clusters: datasets, with three seeds each (two at 3), or tasks, of three datasets with two
seeds each. A binomial error of ±{error:.3f} belongs to each cell; a star marks what lies outside of 93–97 %. Written by
`python benchmarks/information_coverage.py` with fixed seeds.

Systems: finite populations of classifiers (`CategoricalTeachers`, four inputs of four labels, everything by
enumeration) and Gaussian means (`GaussianMean`, three inputs) after eight steps. Few inputs make it a hard test: over
a probe of a thousand the contributions of inputs average out, and estimates are closer to normal. *Sure* members are
nearly certain of labels that they do not agree about; three seeds of them are few, and what that biases is in the rows.
"""

BIAS = """\
## Which route is reported, and why

Mean deviation from the truth in units of the spread of a single measurement. *Plug-in*: no correction. *First order*:
`Î_D = K/(K−1) P_D − P_S/(R−1)` and its like. *Jackknife*: each entropy by `n H − (n−1)⟨H₋ₖ⟩`. *Reported*: the same, but
for datasets with three seeds or more a curve in 1/n through one, all but one and all seeds (the entropies of single
members cost nothing). Of sure members, which lack two fifths of the mixture's entropy or more, it is drawn
towards the jackknife, and beyond it to the first-order correction, where their entropies hardly bend with n (few labels
compete): there the curve overcorrects. Within a tenth of ln n of full saturation every correction fades. Over all rows
the root mean square of bias over spread is
{rms}.

With **two** seeds for each dataset there is no third point: reported and jackknife are the same, and where seeds are
strong `info_seed` stays low and `info_dataset` high by a share of the error that grows with the number of clusters.
Three seeds cure it. The *contrast* is exact where datasets are alike, and low where their effect is large: it is a
witness, not an estimate.
"""


def sure_cases() -> Iterator[NestedCase]:
    """Members that are sure of what they do not agree about, as networks late in training; none are ``verify``'s."""
    yield teachers("teachers, sure null", dataset=0.0, initialisation=4.0, order=4.0)
    yield teachers("teachers, sure", dataset=4.0, initialisation=3.0, order=3.0)
    yield teachers("two labels, sure null", outcomes=2, dataset=0.0, initialisation=4.0, order=4.0)
    yield teachers("ten labels, sure null", outcomes=10, dataset=0.0, initialisation=4.0, order=4.0)


def coverage_table(rows: Sequence[Calibration]) -> Iterator[str]:
    """A line for each system and quantity; a star outside of the target."""
    yield "| system | quantity | " + " | ".join(map(str, CLUSTERS)) + " | misses below : above |"
    yield "|---|---|" + "---|" * (len(CLUSTERS) + 1)
    for system in dict.fromkeys(row.system for row in rows):
        of_system = [row for row in rows if row.system == system]
        for quantity in dict.fromkeys(cell.estimator for row in of_system for cell in row.coverage):
            cells = [cell for row in of_system for cell in row.coverage if cell.estimator == quantity]
            shown = [f"{c.share:.3f}" + ("" if TARGET[0] <= c.share <= TARGET[1] else " \\*") for c in cells]
            below = sum(cell.below for cell in cells)
            above = sum(cell.replicates - cell.covered for cell in cells) - below
            yield f"| {system} | `{quantity}` | " + " | ".join(shown) + f" | {below} : {above} |"


def summary(rows: Sequence[Calibration]) -> Iterator[str]:
    """Least, mean and most coverage of the informations for each number of clusters."""
    yield "| clusters | least | mean | most | cells within 93–97 % |"
    yield "|---|---|---|---|---|"
    for clusters in CLUSTERS:
        shares = [
            c.share for row in rows if row.clusters == clusters for c in row.coverage if c.estimator in INFORMATIONS
        ]
        inside = sum(TARGET[0] <= share <= TARGET[1] for share in shares)
        mean = sum(shares) / len(shares)
        yield f"| {clusters} | {min(shares):.3f} | {mean:.3f} | {max(shares):.3f} | {inside} of {len(shares)} |"


def bias_table(rows: Sequence[Calibration]) -> Iterator[str]:
    """Bias over spread of every route, for 6 clusters and for 24."""
    routes = ("plugin", "first_order", "jackknife", "reported", "contrast")
    yield "| system | design | quantity | truth | " + " | ".join(route.replace("_", " ") for route in routes) + " |"
    yield "|---|---|---|---|" + "---|" * len(routes)
    for row in rows:
        if row.clusters not in (3, 6, 24):
            continue
        design = " × ".join(str(size) for size in row.design if size > 1)
        for quantity in INFORMATIONS:
            found = {bias.route: bias for bias in row.bias if bias.quantity == quantity}
            if found:
                cells = [f"{_ratio(found[route]):+.2f}" if route in found else "" for route in routes]
                truth = found["reported"].truth
                yield f"| {row.system} | {design} | `{quantity}` | {truth:.4f} | {' | '.join(cells)} |"


def _ratio(bias: Bias) -> float:
    return (bias.mean - bias.truth) / bias.spread


def brackets(rows: Sequence[Calibration]) -> str:
    """Whether lower and upper sides hold on average."""
    sides = [(row, bias) for row in rows for bias in row.bias if bias.route in ("lower", "upper")]
    broken = [
        f"{row.system} {row.design} {bias.quantity} {bias.route}"
        for row, bias in sides
        if (bias.mean - bias.truth) * (1 if bias.route == "lower" else -1) > 3 * bias.error
    ]
    found = f"{len(broken)} lie on the wrong side of the truth on average, beyond three errors"
    return f"Of {len(sides)} sides of brackets, {found}. {'; '.join(broken)}".strip()


def page(replicates: int) -> str:
    """The whole of docs/information-coverage.md."""
    rows = []
    for case in (*nested_cases(), *sure_cases()):
        for design in designs(case):
            rows.append(calibrate(case, design, replicates))
            print(case.name, design, flush=True)
    every = [(bias.route, _ratio(bias)) for row in rows for bias in row.bias if bias.quantity in INFORMATIONS]
    parts = []
    for route in ("plugin", "first_order", "jackknife", "reported"):
        squares = [ratio**2 for name, ratio in every if name == route]
        parts.append(f"{(sum(squares) / len(squares)) ** 0.5:.2f} for {route.replace('_', ' ')}")
    rms = ", ".join(parts)
    lines = [
        INTRODUCTION.format(replicates=replicates, error=(0.95 * 0.05 / replicates) ** 0.5),
        *summary(rows),
        "",
        brackets(rows),
        "",
        *coverage_table(rows),
        "",
        BIAS.format(replicates=replicates, rms=rms),
        *bias_table(rows),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=Path("docs/information-coverage.md"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.out.write_text(page(options.replicates), encoding="utf-8")
    print(options.out)


if __name__ == "__main__":
    main()
