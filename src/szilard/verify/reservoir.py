"""Every estimator of the reservoir against every exact reservoir, from one run of each."""

from __future__ import annotations

from collections.abc import Iterator

from szilard.verify.case import named
from szilard.verify.reservoir_case import ObservedRun, ReservoirCase, reservoir_cases, runs
from szilard.verify.reservoir_equilibrium import equilibrium_rows, linear_rows, path_rows
from szilard.verify.reservoir_laws import law_rows
from szilard.verify.reservoir_noise import correlation_rows, drift_rows, noise_rows, work_rows
from szilard.verify.reservoir_time import group_rows, relation_rows, time_rows
from szilard.verify.row import Comparison

STEPS = 500
"""Steps of the run that each case is seen for: a hundred epochs of the shuffled one."""


def reservoirs(*names: str) -> Iterator[Comparison]:
    """Every comparison of the reservoir's estimators, or of the systems of these names alone, each by its own seeds."""
    seeds = {case.name: 70 + 2 * index for index, case in enumerate(reservoir_cases())}
    for case in named(reservoir_cases(), names):
        yield from linear_rows(case)
        for seen in runs(case, STEPS, seed=seeds[case.name]):
            yield from sampled_rows(case, seen)
            yield from work_rows(case, seen)
            yield from relation_rows(case, seen)
    yield from (row for row in law_rows() if not names or row.system in names)


def sampled_rows(case: ReservoirCase, seen: ObservedRun) -> Iterator[Comparison]:
    """Rows whose error bars decide, and whose coverage is counted (the work's is that of noise and signal)."""
    yield from noise_rows(case, seen)
    yield from correlation_rows(case, seen)
    yield from drift_rows(case, seen)
    yield from time_rows(case, seen)
    yield from group_rows(case, seen)
    yield from equilibrium_rows(case, seen)
    yield from path_rows(case, seen)
