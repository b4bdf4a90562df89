"""Write docs/sampled-coverage.md: how often nominal 95 % intervals of a run whose X is sampled hold the truth.

    python benchmarks/sampled_coverage.py [--replicates 200] [--out docs/sampled-coverage.md]

Takes about six minutes on one core; seeds are fixed.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from szilard.systems import ProbabilisticPCA
from szilard.verify.as_models import AsTractable
from szilard.verify.coverage import FALSE_ALARM, LEVEL, Coverage, limits
from szilard.verify.families import family_coverage
from szilard.verify.families_case import FamilyCase, family_cases

SAMPLES = (64, 256)
WIDE = (64, 256, 1024)
STEPS = 8

INTRODUCTION = """\
# Do the error bars of sampled runs mean it?

Share of {replicates:,} watched runs whose nominal {level:.0%} interval (`Estimate.interval`) holds the truth that the
[exact system](systems.md) states. A run is {steps} records along a fixed path, and the number on top its samples in a
set: slots, or with energies chains (and as many particles of the reference, on 16 islands). Runs differ in nothing but
their samples. Written by `python benchmarks/sampled_coverage.py` with fixed seeds; a smaller version runs in the tests.
"""

TEST = """\
Each cell is a binomial test against {level}, two-sided (one-sided for bounds), at a family-wise level of {alarm} over
all {cells} cells: {low:.3f} to {high:.3f} passes. A star marks what does not.
"""

SEEN = """\
**What was seen.** {poor} of {cells} cells are starred: {short} too short, {long} too wide. The mean coverage over all
cells but those of bounds is {means}.

- *Nominal at {many}*: heat, entropy and their changes everywhere; work along sequences, whose next tokens are summed
  over instead of sampled, already at {few}; everything that lagging chains and the reference say of an energy.
- *Too short at {few}*, with almost all misses below the truth: work and lengths of likelihoods and between bounds. They
  are means of squares, and a set that lacks the rare, large terms has both a value and an error that are too small; a
  set that serves several records carries its luck along. At {many} what is left of that is some percent (more for
  the direct jump of probabilistic PCA, which rests on a quarter of the samples). So do some sums of heat step by step,
  and with 4 particles on each of 16 islands the work and the heat of an energy.
- *Bounds* hold far more often than their level, as they should, but for the work from above, which lies so close to the
  work that its interval falls short where that of a likelihood does.
- The defaults are 512 samples of a likelihood, 256 of a latent-variable model, 64 sequences (16 where the vocabulary is
  large), and for energies 256 chains and 64 particles on each island.

"""

WIDENING = """\
## Where a model grows wider

Work is a mean of squares, and the samples that decide it are rare where the later model is wider than the earlier one
(probabilistic PCA in 4 dimensions whose variance grows by {growth:.0%} in {steps} records; W = {work:.3f} nat). The
estimate is unbiased, its interval too short on one side: a set that lacks the rare samples has both a value and an
error that are too small, and a set that serves many records carries its luck along. More samples in a set
(`szilard.Ledger(samples=…)`), or records closer together, mend it.
"""


def measure(replicates: int) -> Iterator[Coverage]:
    """Every row, those of the model that widens last."""
    for case in watched_cases():
        for samples in SAMPLES:
            print(case.name, samples, flush=True)
            yield from family_coverage(shortened(case).with_samples(samples), replicates=replicates)
    for samples in WIDE:
        print(widening().name, samples, flush=True)
        yield from family_coverage(widening().with_samples(samples), replicates=replicates)


def watched_cases() -> Iterator[FamilyCase]:
    """One system between bounds is enough: the other differs in its proposals alone."""
    return (case for case in family_cases() if case.name != "PCA, bounds that meet")


def shortened(case: FamilyCase) -> FamilyCase:
    """The first steps of its path."""
    return replace(case, path=case.path[: STEPS + 1])


def widening() -> FamilyCase:
    """Probabilistic PCA with a learning rate that is too large."""
    pca = ProbabilisticPCA(dimension=4, latent=2, rate=0.01, spread=1.0)
    return FamilyCase("PCA that widens", pca, pca.simulate(STEPS, seed=1), AsTractable)


def table(rows: Sequence[Coverage]) -> Iterator[str]:
    """One line for each quantity and system."""
    yield "| quantity | kind | " + " | ".join(map(str, SAMPLES)) + " | misses below : above |"
    yield "|---|---|" + "---|" * (len(SAMPLES) + 1)
    for system in dict.fromkeys(row.system for row in rows):
        yield f"| **{system}** | |" + " |" * (len(SAMPLES) + 1)
        of_system = [row for row in rows if row.system == system]
        for quantity in dict.fromkeys(row.estimator for row in of_system):
            line = {row.samples: row for row in of_system if row.estimator == quantity}
            cells = [_cell(line.get(samples), len(rows)) for samples in SAMPLES]
            below = sum(row.below for row in line.values())
            above = sum(row.replicates - row.covered for row in line.values()) - below
            kind = next(iter(line.values())).kind
            misses = "" if kind in ("lower", "upper") else f"{below} : {above}"
            yield f"| {quantity} | {kind} | {' | '.join(cells)} | {misses} |"


def _cell(row: Coverage | None, total: int) -> str:
    if row is None:
        return ""
    return f"{row.share:.3f}" + ("" if row.nominal(total) else " \\*")


def wide_table(rows: Sequence[Coverage]) -> Iterator[str]:
    """Coverage by numbers of samples, of one case."""
    shown = ("work", "heat", "length", "entropy")
    yield "| samples | " + " | ".join(shown) + " | misses of W below : above |"
    yield "|---|" + "---|" * (len(shown) + 1)
    for samples in WIDE:
        found = {row.estimator: row for row in rows if row.samples == samples}
        work = found["work"]
        cells = " | ".join(f"{found[name].share:.3f}" for name in shown)
        yield f"| {samples} | {cells} | {work.below} : {work.replicates - work.covered - work.below} |"


def page(measured: Sequence[Coverage]) -> str:
    """The whole of docs/sampled-coverage.md."""
    wide, (few, many) = widening(), SAMPLES
    rows = [row for row in measured if row.system != wide.name]
    replicates = rows[0].replicates
    low, high = limits(replicates, len(rows))
    poor = [row for row in rows if not row.nominal(len(rows))]
    short = sum(row.covered < low for row in poor)
    two_sided = [row for row in rows if row.kind not in ("lower", "upper")]
    by_samples = [[row.share for row in two_sided if row.samples == samples] for samples in SAMPLES]
    means = ", ".join(
        f"{sum(shares) / len(shares):.3f} at {samples}" for samples, shares in zip(SAMPLES, by_samples, strict=True)
    )
    pca = wide.system
    assert isinstance(pca, ProbabilisticPCA)
    first, last = (
        float(torch.linalg.det(pca.moments(theta)[1])) ** (1 / pca.dimension) for theta in wide.path[[0, -1]]
    )
    lines = [
        INTRODUCTION.format(replicates=replicates, level=LEVEL, steps=STEPS),
        TEST.format(level=LEVEL, alarm=FALSE_ALARM, cells=len(rows), low=low / replicates, high=high / replicates),
        SEEN.format(
            poor=len(poor), cells=len(rows), short=short, long=len(poor) - short, means=means, few=few, many=many
        ),
        *table(rows),
        "",
        WIDENING.format(growth=last / first - 1, steps=STEPS, work=wide.truth()["work"]),
        *wide_table([row for row in measured if row.system == wide.name]),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=200)
    parser.add_argument("--out", type=Path, default=Path("docs/sampled-coverage.md"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.out.write_text(page(list(measure(options.replicates))), encoding="utf-8")
    print(options.out)


if __name__ == "__main__":
    main()
