"""Write docs/coverage.md: how often nominal 95 % intervals hold the truth, for every estimator and exact system.

    python benchmarks/coverage.py [--replicates 1000] [--out docs/coverage.md]

Takes about a minute on one core; seeds are fixed.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from szilard import ledger
from szilard.verify import Case, cases
from szilard.verify.coverage import FALSE_ALARM, LEVEL, Coverage, coverage, ensemble_coverage, limits, probe_coverage
from szilard.verify.sampled import Sampling

SAMPLES = (16, 64, 256, 1024)
REACHES = (1, 2, 4, 8)


INTRODUCTION = """\
# Do the error bars mean it?

Share of {replicates:,} independent replicates whose nominal {level:.0%} interval (`Estimate.interval`) holds the truth
that the exact system states. The number on top is the samples drawn per step; members for ensemble means; inputs where
the error is one over probe inputs. Ensembles end at 256 members: {replicates:,} of 1,024 would be {trainings:,}
trainings, simulated and held in memory at once. Written by `python benchmarks/coverage.py` with fixed seeds; a smaller
version runs in the tests.
"""

TEST = """\
Each cell is a binomial test against {level}, two-sided (one-sided for bounds, of which the ledger has none yet), at a
family-wise level of {alarm} over all {cells} cells: {low:.3f} to {high:.3f} passes. A star marks what does not.
"""

SEEN = """\
**What was seen.** With few samples some intervals are too short by skewness, above all those of means of squares (work
by k3, lengths) and of entropies: their misses lie on one side, because a sample that lacks the rare, large terms has
both a value and an error bar that are too small. {poor} of {cells} cells are starred; at 256 samples or more: {late}.

The mean coverage over all cells is {means}: trust the bars
of sampled estimates from 256 samples a step on, and where single steps are large (`d` of order one) from 1,024.
"""

REACH = """\
## How far one set of samples reaches

Reused samples (importance weights) along a Gaussian whose mean drifts by half a standard deviation a step, 1,024
samples for each segment. As the effective sample size falls the weights grow heavy tails: the estimate stays unbiased,
but its intervals lose their coverage on one side. Refresh before ESS/N falls below one half.
"""


def measure(replicates: int) -> Iterator[Coverage]:
    """Every row, for every number of samples."""
    for samples in SAMPLES:
        for case in cases():
            for row in coverage(case, samples, replicates=replicates):
                if row.estimator != "σ, trajectories":  # equal to the work on every trajectory
                    yield row
            if samples <= 256:
                yield from ensemble_coverage(case, samples, replicates=replicates)
        yield from probe_coverage(samples, replicates=replicates)


def reach(replicates: int) -> Iterator[tuple[int, float, Coverage]]:
    """Reused samples over ever longer segments of a Gaussian that drifts: steps, ESS/N at the end, coverage of W."""
    case = next(case for case in cases() if case.name == "Gaussian, minibatches")
    drift = 0.5 * case.system.model_sigma * torch.arange(9, dtype=torch.float64)[:, None]  # type: ignore[attr-defined]
    for steps in REACHES:
        drifting = Case("Gaussian drifting by s/2 a step", case.system, drift, segment=steps)
        sampling = Sampling(drifting, 1024, replicates, seed=41)
        x = sampling.draw(0, sampling.generator())
        ess = ledger.effective_sample_size(sampling.phi(x, 0), sampling.phi(x, steps - 1))
        rows = coverage(drifting, 1024, replicates=replicates, seed=41)
        row = next(row for row in rows if row.estimator == "work, reused")
        yield steps, float(ess.mean()) / 1024, row


def remark(rows: Sequence[Coverage], total: int) -> str:
    """From which number of samples on the coverage is nominal, and why it is not before."""
    poor = [row for row in rows if not row.nominal(total)]
    if not poor:
        return "nominal"
    worst = min(poor, key=lambda row: row.covered)
    missed = worst.replicates - worst.covered
    side = f"{max(worst.below, missed - worst.below)} of {missed} misses on one side at {worst.samples}"
    later = [row.samples for row in rows if row.samples > max(other.samples for other in poor)]
    return f"nominal from {later[0]}; {side}" if later else f"**not nominal here**; {side}"


def table(rows: Sequence[Coverage]) -> Iterator[str]:
    """One line for each estimator and system."""
    yield "| estimator | " + " | ".join(str(samples) for samples in SAMPLES) + " | expected | remark |"
    yield "|---|" + "---|" * (len(SAMPLES) + 2)
    by_line: dict[tuple[str, str], list[Coverage]] = {}
    for row in rows:
        by_line.setdefault((row.system, row.estimator), []).append(row)
    previous = None
    for system, estimator in sorted(by_line, key=lambda key: list(dict.fromkeys(k[0] for k in by_line)).index(key[0])):
        line = by_line[system, estimator]
        if system != previous:
            yield f"| **{system}** |" + " |" * (len(SAMPLES) + 2)
            previous = system
        cells = {row.samples: f"{row.share:.3f}" + ("" if row.nominal(len(rows)) else " \\*") for row in line}
        shown = " | ".join(cells.get(samples, "") for samples in SAMPLES)
        yield f"| {estimator} | {shown} | {LEVEL} | {remark(line, len(rows))} |"


def page(replicates: int) -> str:
    """The whole of docs/coverage.md."""
    rows = list(measure(replicates))
    low, high = limits(replicates, len(rows))
    poor = [row for row in rows if not row.nominal(len(rows))]
    late = [row for row in poor if row.samples >= 256]
    means = ", ".join(
        f"{sum(row.share for row in rows if row.samples == samples) / sum(row.samples == samples for row in rows):.3f}"
        f" at {samples}"
        for samples in SAMPLES
    )
    seen = "; ".join(f"{row.system}, {row.estimator} ({row.samples})" for row in late) or "none"
    lines = [
        INTRODUCTION.format(replicates=replicates, trainings=1024 * replicates, level=LEVEL),
        TEST.format(level=LEVEL, alarm=FALSE_ALARM, cells=len(rows), low=low / replicates, high=high / replicates),
        SEEN.format(poor=len(poor), cells=len(rows), late=seen, means=means),
        *table(rows),
        "",
        REACH,
        "| steps per segment | ESS/N at its end | coverage of W | misses below : above |",
        "|---|---|---|---|",
    ]
    for steps, ess, row in reach(replicates):
        above = row.replicates - row.covered - row.below
        lines.append(f"| {steps} | {ess:.3f} | {row.share:.3f} | {row.below} : {above} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=Path("docs/coverage.md"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.out.write_text(page(options.replicates), encoding="utf-8")
    print(options.out)


if __name__ == "__main__":
    main()
