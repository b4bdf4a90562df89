"""Do error bars mean what they say: how often nominal intervals hold the truth, over many independent replicates."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from szilard import ledger
from szilard.estimate import Estimate, Kind
from szilard.systems import GaussianMean
from szilard.verify.case import Case
from szilard.verify.ensembles import member_works
from szilard.verify.sampled import Sampling, reused, step_by_step

LEVEL = 0.95
REPLICATES = 1000
FALSE_ALARM = 0.01
"""Chance that sound intervals are rejected anywhere in a table, shared out evenly over its rows (Bonferroni)."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often an estimator's interval held the truth.

    Attributes:
        system: the exact system.
        estimator: what was estimated, and by which function.
        samples: per step (or probe inputs, or members of an ensemble).
        kind: of the estimate; for a bound only the side it bounds from counts.
        replicates: independent repetitions.
        covered: how many intervals held the truth.
        below: how many lay wholly below the truth; the others lay above.
        bias: mean deviation from the truth, in units of its own standard error.
    """

    system: str
    estimator: str
    samples: int
    kind: Kind
    replicates: int
    covered: int
    below: int
    bias: float

    @property
    def share(self) -> float:
        """The share of replicates whose interval held the truth."""
        return self.covered / self.replicates

    def nominal(self, rows: int) -> bool:
        """Whether the coverage is that of :data:`LEVEL`: a binomial test, one of ``rows`` in its table.

        Two-sided; for bounds, which may hold more often than their level, only too little coverage counts.
        """
        low, high = limits(self.replicates, rows)
        return low <= self.covered and (self.kind in (Kind.LOWER, Kind.UPPER) or self.covered <= high)


def limits(replicates: int, rows: int) -> tuple[int, int]:
    """Fewest and most intervals that may hold the truth, for one of ``rows`` binomial tests."""
    from scipy import stats

    low, high = stats.binom.interval(1 - FALSE_ALARM / rows, replicates, LEVEL)
    return int(low), int(high)


def count(system: str, estimator: str, samples: int, truth: float, estimate: Estimate) -> Coverage:
    """Coverage from an estimate whose one leading dimension is replicates."""
    low, high = (np.asarray(bound) for bound in estimate.interval(LEVEL))
    below, above = high < truth, low > truth
    # a lower bound promises that its lower end lies below the truth, an upper bound the reverse
    missed = {Kind.LOWER: above, Kind.UPPER: below}.get(estimate.kind, below | above | np.isnan(low))
    deviation = np.asarray(estimate.value) - truth
    spread = float(deviation.std(ddof=1))
    bias = float(deviation.mean()) / spread * math.sqrt(len(missed)) if spread > 0 else 0.0
    covered = len(missed) - int(missed.sum())
    return Coverage(system, estimator, samples, estimate.kind, len(missed), covered, int(below.sum()), bias)


def coverage(case: Case, samples: int, *, replicates: int = REPLICATES, seed: int = 23) -> Iterator[Coverage]:
    """Coverage of every sampled estimator on one case, ``samples`` per step."""
    sampling = Sampling(case, samples, replicates, seed)
    for answers in (step_by_step(sampling), reused(sampling)):
        for answer in answers:
            truth = case.truth[answer.variable]
            yield count(case.name, answer.estimator, samples, truth, answer.estimate)


def ensemble_coverage(case: Case, members: int, *, replicates: int = REPLICATES, seed: int = 37) -> Iterator[Coverage]:
    """Coverage of the error over ensemble members, which differ in task, data set, start and noise."""
    if not isinstance(case.system, GaussianMean):
        return
    paths = case.system.simulate(case.steps, members=members * replicates, seed=seed)
    works = member_works(case.system, paths).reshape(replicates, members)
    truth = case.system.exact(steps=case.steps)["work"]
    yield count(case.name, "work k3, ensemble mean", members, truth, ledger.over_replicates(works))


def rejected(rows: Sequence[Coverage]) -> tuple[Coverage, ...]:
    """The rows whose coverage is not nominal, given how many were looked at."""
    return tuple(row for row in rows if not row.nominal(len(rows)))
