"""Section of docs/sizes.md: regimes of smooth courses, and of such with a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from szilard import reservoir

INTRODUCTION = """\
## Regimes

Share of {replicates} series in which the audit's `regimes(…, smooth=True)` finds a break: of smooth courses whose
scatter is .3, .1 and .01 (200 records), and of white noise and of a power law with a step in the middle, in units of
the scatter. Beside it what straight lines alone would find.
"""
REPLICATES = 100
COURSES = {
    "white": lambda t: 0 * t,
    "power law, exponent ½": lambda t: -0.5 * np.log(t),
    "power law above a floor": lambda t: np.log(1 / t + 0.1),
    "decay": lambda t: 5 * np.exp(-3 * t / t[-1]),
    "decay above a floor": lambda t: np.log(np.exp(-10 * t / t[-1]) + 0.05),
    "sigmoid": lambda t: -3 / (1 + np.exp(5 - 10 * t / t[-1])),
}


def broken(course: str, scatter: float, step: float = 0.0) -> list[float]:
    """The share of series with a break: with smooth courses allowed, and by lines alone."""
    generator, time = np.random.default_rng(8), np.arange(1.0, 201.0)
    found = []
    for _ in range(REPLICATES):
        series = COURSES[course](time) + scatter * generator.normal(size=200)
        series[100:] -= step * scatter
        found.append([bool(reservoir.regimes(series, 10 * time, smooth=smooth).breaks) for smooth in (True, False)])
    return [float(share) for share in np.mean(found, 0)]


def section(cells: Callable[[str, Callable[[], object]], object]) -> Iterator[str]:
    """Lines of the page."""
    yield INTRODUCTION.format(replicates=REPLICATES)
    yield "| course | scatter .3 | .1 | .01 |"
    yield "|---|---|---|---|"
    for course in COURSES:
        row = [cells(f"regimes {course} {s}", lambda c=course, s=s: broken(c, s)) for s in (0.3, 0.1, 0.01)]
        yield f"| {course} | {' | '.join(f'{smooth:.2f} (lines: {lines:.2f})' for smooth, lines in row)} |"
    yield ""
    yield "| step at half way | 2 | 4 | 8 | 16 |"
    yield "|---|---|---|---|---|"
    for course in ("white", "power law, exponent ½"):
        row = [cells(f"regimes {course} step {d}", lambda c=course, d=d: broken(c, 0.1, d)) for d in (2, 4, 8, 16)]
        yield f"| {course} | {' | '.join(f'{smooth:.2f}' for smooth, _ in row)} |"
    yield ""
