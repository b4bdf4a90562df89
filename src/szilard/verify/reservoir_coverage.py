"""How often the intervals of the reservoir's estimators hold the truth, run by run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from szilard import reservoir
from szilard.estimate import Estimate, Kind
from szilard.verify.coverage import Coverage, count
from szilard.verify.reservoir import sampled_rows
from szilard.verify.reservoir_case import ObservedRun, ReservoirCase, runs
from szilard.verify.row import Comparison

_ALARM = 0.05
_AT_ONCE = 40
"""Runs in memory at a time."""


@dataclass(frozen=True, slots=True)
class Alarms:
    """How often a test of equilibrium rejects at 5 %.

    Attributes:
        system: the exact system.
        test: which.
        steps: of each run.
        replicates: independent runs.
        rejected: how many.
    """

    system: str
    test: str
    steps: int
    replicates: int
    rejected: int


def reservoir_coverage(case: ReservoirCase, steps: int, *, replicates: int, seed: int = 43) -> Iterator[Coverage]:
    """Coverage of everything that verification says of one case, over independent runs of ``steps`` steps.

    Each run has its own truth where it is that of the path (noise and signal at the θ visited), so what is counted is
    the deviation.
    """
    lines: dict[str, list[Comparison]] = {}
    for seen in _all_runs(case, steps, replicates, seed):
        for comparison in sampled_rows(case, seen):
            lines.setdefault(comparison.estimator, []).append(comparison)
    for estimator, comparisons in lines.items():
        yield count(case.name, estimator, steps, 0.0, _deviations(comparisons))


def alarms(case: ReservoirCase, steps: int, *, replicates: int, seed: int = 47) -> Iterator[Alarms]:
    """Size, or power, of the tests of detailed balance and of the canonical state."""
    found: dict[str, int] = {"detailed balance": 0, "canonical state": 0}
    for index, seen in enumerate(_all_runs(case, steps, replicates, seed)):
        found["detailed balance"] += reservoir.detailed_balance(seen.theta, seed=index).p_value < _ALARM
        found["canonical state"] += reservoir.canonical(seen.theta, seen.force).p_value < _ALARM
    for test, rejected in found.items():
        yield Alarms(case.name, test, steps, replicates, rejected)


def _all_runs(case: ReservoirCase, steps: int, replicates: int, seed: int) -> Iterator[ObservedRun]:
    for start in range(0, replicates, _AT_ONCE):
        yield from runs(case, steps, replicates=min(_AT_ONCE, replicates - start), seed=seed + 1000 * start)


def _deviations(comparisons: list[Comparison]) -> Estimate:
    """One estimate over replicates, in units of each one's own Student quantile of 97.5 %, so that all share one."""
    values = np.array([float(one.estimate.value) - one.truth for one in comparisons])
    halves = np.array([one.estimate.interval()[1] - one.estimate.value for one in comparisons], dtype=np.float64)
    normal = Estimate(0.0, 1.0, Kind.UNBIASED).interval()[1]
    return Estimate(values, halves / normal, _two_sided(comparisons[0].estimate.kind))


def _two_sided(kind: Kind) -> Kind:
    """A bound is held against what its current proves, not against what it bounds."""
    return Kind.ASYMPTOTIC if kind is Kind.LOWER else kind
