"""Do error bars mean what they say: how often nominal intervals hold the truth, over many independent replicates.

Error bars over probe inputs: probes drawn from a pool whose own mean is the truth.

Expectations over an ensemble of GaussianMean, known in closed form, from the ledger of every member.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from szilard import ledger
from szilard.estimate import Estimate, Kind
from szilard.ledger.length import angle_slope
from szilard.systems import GaussianMean
from szilard.verify.case import Case
from szilard.verify.row import Comparison
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


NAME = "softmax regression, probe inputs"
_POOL, _FEATURES, _OUTCOMES, _STEPS = 4000, 8, 10, 12


def pool() -> Float[Tensor, "points inputs outcomes"]:
    """φ of a linear classifier along twelve steps of a random walk of its weights, on 4,000 Gaussian inputs."""
    generator = torch.Generator().manual_seed(29)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    weights = (0.25 * normal(_STEPS + 1, _FEATURES, _OUTCOMES)).cumsum(0)
    return -torch.log_softmax(normal(_POOL, _FEATURES) @ weights, -1)


def probe_coverage(inputs: int, *, replicates: int = REPLICATES, seed: int = 31) -> Iterator[Coverage]:
    """Coverage of the error over inputs of exact sums, and of lengths by influence, for probes of that many inputs."""
    phi = pool()
    before, after = phi[:-1], phi[1:]
    picks = torch.randint(_POOL, (replicates, inputs), generator=torch.Generator().manual_seed(seed))
    cumulative = {
        "work, over inputs": ledger.work_per_input(before, after).sum(0),
        "heat, over inputs": ledger.heat_per_input(before, after).sum(0),
        "entropy, over inputs": ledger.entropy_per_input(phi[-1]),
        "work of one jump, over inputs": ledger.work_per_input(phi[0], phi[-1]),
    }
    for estimator, per_input in cumulative.items():
        truth = float(per_input.mean())
        yield count(NAME, estimator, inputs, truth, ledger.over_inputs(per_input[picks]))
    h = ledger.hellinger_per_input(before, after)
    angle = ledger.angle_of(h)
    mean = angle.sum(0)
    yield count(NAME, "length, mean over inputs", inputs, float(mean.mean()), ledger.over_inputs(mean[picks]))
    joint, rms = _joint(h[:, picks]), _root_mean_square(angle[:, picks])
    truth = float(ledger.angle_of(h.mean(-1)).sum())
    yield count(NAME, "length of the joint, by influence", inputs, truth, joint)
    truth = float(angle.square().mean(-1).sqrt().sum())
    yield count(NAME, "length of RMS angles, by influence", inputs, truth, rms)


def _joint(h: Float[Tensor, "steps replicates inputs"]) -> Estimate:
    """An input moves a step's angle by ``angle'(h̄)(h_i − h̄)``; influences add up, as inputs are shared by all steps."""
    mean = h.mean(-1)
    influence = angle_slope(mean)[..., None] * (h - mean[..., None])
    return _by_influence(ledger.angle_of(mean).sum(0), influence.sum(0))


def _root_mean_square(angle: Float[Tensor, "steps replicates inputs"]) -> Estimate:
    """The same for the root-mean-square of the inputs' own angles, whose slope is ``1/2 rms``."""
    square = angle.square()
    rms = square.mean(-1).sqrt()
    influence = (square - rms.square()[..., None]) / (2 * rms[..., None])
    return _by_influence(rms.sum(0), influence.sum(0))


def _by_influence(value: Float[Tensor, " replicates"], influence: Float[Tensor, "replicates inputs"]) -> Estimate:
    inputs = influence.shape[-1]
    return Estimate(value, influence.std(-1) / math.sqrt(inputs), Kind.ASYMPTOTIC, inputs - 1)


MEMBERS = 2_000
_SAMPLES = 16


def ensemble(case: Case) -> Iterator[Comparison]:
    """Work and heat averaged over tasks, data sets, starts and noise: exact sums over x, and k3 on a few samples."""
    if not isinstance(case.system, GaussianMean):
        return
    truth = case.system.exact(steps=case.steps)
    paths = case.system.simulate(case.steps, members=MEMBERS, seed=5)
    if case.system.dimension == 1:
        phi = case.system.table(paths)[..., None, :]
        for name, function in (("work", ledger.work_per_input), ("heat", ledger.heat_per_input)):
            per_member = function(phi[:, :-1], phi[:, 1:]).sum(1)[..., 0]
            yield Comparison(case.name, f"{name}, ensemble mean", truth[name], ledger.over_replicates(per_member))
    estimate = ledger.over_replicates(member_works(case.system, paths))
    yield Comparison(case.name, "work k3, ensemble mean", truth["work"], estimate)


def member_works(
    system: GaussianMean, paths: Float[Tensor, "members points dimension"], *, seed: int = 19
) -> Float[Tensor, " members"]:
    """Every member's work along its own path, by k3 on sixteen samples a step."""
    generator = torch.Generator().manual_seed(seed)
    works = []
    for t in range(1, paths.shape[1]):
        x = system.sample(paths[:, t - 1], _SAMPLES, generator=generator)
        works.append(ledger.work_sampled(system.phi(x, paths[:, t - 1]), system.phi(x, paths[:, t])))
    return torch.as_tensor(ledger.total(works).value)
