"""How often the intervals of the reservoir's estimators hold the truth, run by run."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from szilard.estimate import Estimate, Kind
from szilard.verify.coverage import Coverage, count
from szilard.verify.reservoir import sampled_rows
from szilard.verify.reservoir_case import ReservoirCase, runs
from szilard.verify.row import Comparison

LEAST_STEPS = 64
"""What every estimator can work with."""


def reservoir_coverage(case: ReservoirCase, steps: int, *, replicates: int, seed: int = 43) -> Iterator[Coverage]:
    """Coverage of everything that verification says of one case, over independent runs of ``steps`` steps.

    Each run has its own truth where it is that of the path (noise and signal at the θ visited), so what is counted is
    the deviation.
    """
    lines: dict[str, list[Comparison]] = {}
    for seen in runs(case, steps, replicates=replicates, seed=seed):
        for comparison in sampled_rows(case, seen):
            lines.setdefault(comparison.estimator, []).append(comparison)
    for estimator, comparisons in lines.items():
        yield count(case.name, estimator, steps, 0.0, _deviations(comparisons))


def _deviations(comparisons: list[Comparison]) -> Estimate:
    """One estimate over replicates, in units of each one's own Student quantile of 97.5 %, so that all share one."""
    values = np.array([float(one.estimate.value) - one.truth for one in comparisons])
    halves = np.array([one.estimate.interval()[1] - one.estimate.value for one in comparisons], dtype=np.float64)
    normal = Estimate(0.0, 1.0, Kind.UNBIASED).interval()[1]
    return Estimate(values, halves / normal, _two_sided(comparisons[0].estimate.kind))


def _two_sided(kind: Kind) -> Kind:
    """A bound is held against what its current proves, not against what it bounds."""
    return Kind.ASYMPTOTIC if kind is Kind.LOWER else kind
