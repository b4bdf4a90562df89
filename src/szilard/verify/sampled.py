"""Sampled estimators against the systems' answers: their own error bars decide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from szilard import ledger
from szilard.estimate import Estimate
from szilard.verify.case import Case
from szilard.verify.row import Comparison

SAMPLES = 20_000
"""Per step; enough for the normal intervals to hold (docs/coverage.md)."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How samples are drawn along a case's path.

    Args:
        case: the system and its path.
        samples: per step, and per replicate.
        replicates: independent repetitions as a leading member dimension; None for a single one without it.
        seed: of the samples.
    """

    case: Case
    samples: int = SAMPLES
    replicates: int | None = None
    seed: int = 17

    def generator(self) -> torch.Generator:
        """A fresh generator that always begins with the same numbers."""
        return torch.Generator().manual_seed(self.seed)

    def draw(self, t: int, generator: torch.Generator) -> Tensor:
        """Fresh samples ``x ~ p_t`` of the model at step t."""
        return self.case.system.sample(self._theta(t), self.samples, generator=generator)

    def phi(self, x: Tensor, t: int) -> Tensor:
        """φ_t at these samples, in nats."""
        return self.case.system.phi(x, self._theta(t))

    def _theta(self, t: int) -> Tensor:
        theta = self.case.path[t]
        return theta if self.replicates is None else theta.expand(self.replicates, *theta.shape)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an estimator says of one variable of the record."""

    variable: str
    estimator: str
    estimate: Estimate


def step_by_step(sampling: Sampling) -> Iterator[Answer]:
    """Fresh samples ``x ~ p_{t−1}`` at every step, added up; σ and q along the trajectories that they form."""
    generator = sampling.generator()
    works, heats, lengths, checks = [], [], [], []
    old = sampling.draw(0, generator)
    paths = ledger.Pathwise.start(sampling.phi(old, 0))
    for t in range(1, sampling.case.steps + 1):
        before, after = sampling.phi(old, t - 1), sampling.phi(old, t)
        works.append(ledger.work_sampled(before, after))
        heats.append(ledger.heat_sampled(before, after))
        lengths.append(ledger.length_sampled(before, after))
        checks.append(ledger.fluctuation_sampled(before, after))
        old = sampling.draw(t, generator)
        paths = paths.advance(after, sampling.phi(old, t))
    start, end = (ledger.entropy_sampled(sampling.phi(sampling.draw(t, generator), t)) for t in (0, -1))
    work = ledger.total(works)
    yield Answer("entropy_conditional", "entropy, samples", end)
    yield Answer("work", "work, k3", work)
    yield Answer("heat", "heat, leave-one-out", ledger.total(heats))
    yield Answer("heat", "heat, S_n − S_0 − W", ledger.heat_total(start, end, work))
    yield Answer("length", "length, samples", ledger.total(lengths))
    yield Answer("fluctuation", "fluctuation, samples", _mean(checks))
    yield Answer("work", "work, trajectories", ledger.over_replicates(paths.work))
    yield Answer("heat", "heat q, trajectories", ledger.over_replicates(paths.heat))
    yield Answer("ep_conditional", "σ, trajectories", ledger.over_replicates(paths.entropy_production))


def reused(sampling: Sampling) -> Iterator[Answer]:
    """One set of samples for every segment of the path, by importance weights; none that the steps have seen."""
    sampling = replace(sampling, seed=sampling.seed + 1)
    generator, case = sampling.generator(), sampling.case
    works, heats, checks = [], [], []
    for first in range(0, case.steps, case.segment):
        points = range(first, min(first + case.segment, case.steps) + 1)
        x = sampling.draw(first, generator)
        phi = torch.stack([sampling.phi(x, t) for t in points], -2)
        works.append(ledger.work_reused(phi))
        heats.append(ledger.heat_reused(phi))
        checks.append(ledger.fluctuation_reused(phi))
    yield Answer("work", "work, reused", ledger.total(works))
    yield Answer("heat", "heat, reused", ledger.total(heats))
    yield Answer("fluctuation", "fluctuation, reused", _mean(checks))


def compared(case: Case) -> Iterator[Comparison]:
    """Both sampled routes beside the truth, variable by variable."""
    sampling = Sampling(case)
    for answers in (step_by_step(sampling), reused(sampling)):
        for answer in answers:
            yield Comparison(case.name, answer.estimator, case.truth[answer.variable], answer.estimate)


def _mean(steps: list[Estimate]) -> Estimate:
    total = ledger.total(steps)
    return Estimate(total.value / len(steps), total.error / len(steps), total.kind, total.degrees_of_freedom)
