"""Write docs/reservoir-coverage.md: how often nominal 95 % intervals of the reservoir's quantities hold the truth.

    python benchmarks/reservoir_coverage.py [--replicates 500] [--out docs/reservoir-coverage.md]

Takes about eight minutes on one core; seeds are fixed.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from szilard.verify.coverage import FALSE_ALARM, LEVEL, Coverage, limits
from szilard.verify.reservoir import Alarms, alarms, reservoir_coverage
from szilard.verify.reservoir_case import reservoir_cases

STEPS = (64, 256, 1024)

INTRODUCTION = """\
# Do the error bars of the reservoir mean it?

Share of {replicates:,} independent runs whose nominal {level:.0%} interval (`Estimate.interval`) holds the truth that
the exact system states. The number on top is the steps of the run. A run is that of a group of 16 parameters (copies of
the system; 32 for the gyrators), so that a quantity per parameter is an average over both. Written by
`python benchmarks/reservoir_coverage.py` with fixed seeds; a smaller version runs in the tests.
"""

TEST = """\
Each cell is a binomial test against {level}, two-sided, at a family-wise level of {alarm} over all {cells} cells:
{low:.3f} to {high:.3f} passes. A star marks what does not.
"""

SEEN = """\
**What was seen.** {poor} of {cells} cells are starred: {short} too short, {long} too wide. The mean coverage over all
cells is {means}.

- *Too wide on purpose*: squares that are 0 in truth (entropy production, irreversibility, anisotropy and the bound from
  currents where there is equilibrium), to whose error that of their bias is added. Nothing is called irreversible that
  is not.
- *Too wide by nature*: the participation ratio of isotropic noise, which cannot be larger than it is; the Green–Kubo
  temperature of shuffled epochs, whose lags are taken for independent although they cancel; averages over time of
  anticorrelated series, whose anticorrelation is not credited.
- *Too short with few steps*, with almost all misses below the truth: Var θ and the configurational temperature of slow
  directions (64 steps are a dozen relaxation times of the slowest here); the noise scale, a ratio whose denominator is
  then not many of its errors from 0 (`noise_scale_interval`, Fieller's, is the honest interval); the signal from the
  heavy-tailed gradients of single examples near a minimum.
"""

ALARMS = """\
## Tests of equilibrium

Share of runs in which a test rejects at 5 %: its size where the hypothesis holds, its power where it does not.
"""


def table(rows: Sequence[Coverage]) -> Iterator[str]:
    """One line for each estimator and system."""
    yield "| estimator | " + " | ".join(map(str, STEPS)) + " | misses below : above |"
    yield "|---|" + "---|" * (len(STEPS) + 1)
    for system in dict.fromkeys(row.system for row in rows):
        yield f"| **{system}** |" + " |" * (len(STEPS) + 1)
        of_system = [row for row in rows if row.system == system]
        for estimator in dict.fromkeys(row.estimator for row in of_system):
            line = {row.samples: row for row in of_system if row.estimator == estimator}
            cells = [_cell(line.get(steps), len(rows)) for steps in STEPS]
            below = sum(row.below for row in line.values())
            above = sum(row.replicates - row.covered for row in line.values()) - below
            yield f"| {estimator} | {' | '.join(cells)} | {below} : {above} |"


def _cell(row: Coverage | None, total: int) -> str:
    if row is None:
        return ""
    return f"{row.share:.3f}" + ("" if row.nominal(total) else " \\*")


def alarm_table(rows: Sequence[Alarms]) -> Iterator[str]:
    """One line for each test and system."""
    yield "| system | test | " + " | ".join(map(str, STEPS)) + " |"
    yield "|---|---|" + "---|" * len(STEPS)
    for key in dict.fromkeys((row.system, row.test) for row in rows):
        line = {row.steps: row for row in rows if (row.system, row.test) == key}
        cells = " | ".join(f"{line[steps].rejected / line[steps].replicates:.3f}" for steps in STEPS)
        yield f"| {key[0]} | {key[1]} | {cells} |"


def page(replicates: int) -> str:
    """The whole of docs/reservoir-coverage.md."""
    rows: list[Coverage] = []
    tests: list[Alarms] = []
    for steps in STEPS:
        for case in reservoir_cases():
            rows += reservoir_coverage(case, steps, replicates=replicates)
            if case.system.dimension > 1:
                tests += alarms(case, steps, replicates=replicates)
            print(steps, case.name, flush=True)
    low, high = limits(replicates, len(rows))
    poor = [row for row in rows if not row.nominal(len(rows))]
    short = sum(row.covered < low for row in poor)
    by_steps = [[row.share for row in rows if row.samples == steps] for steps in STEPS]
    means = ", ".join(
        f"{sum(shares) / len(shares):.3f} at {steps}" for steps, shares in zip(STEPS, by_steps, strict=True)
    )
    lines = [
        INTRODUCTION.format(replicates=replicates, level=LEVEL),
        TEST.format(level=LEVEL, alarm=FALSE_ALARM, cells=len(rows), low=low / replicates, high=high / replicates),
        SEEN.format(poor=len(poor), cells=len(rows), short=short, long=len(poor) - short, means=means),
        *table(rows),
        "",
        ALARMS,
        *alarm_table(tests),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=500)
    parser.add_argument("--out", type=Path, default=Path("docs/reservoir-coverage.md"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.out.write_text(page(options.replicates), encoding="utf-8")
    print(options.out)


if __name__ == "__main__":
    main()
