"""Exact sums and sampled estimators against the systems' answers.

Sampled estimators against the systems' answers: their own error bars decide.

Exact sums against the systems' answers: the only difference allowed is float error.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from szilard import ledger
from szilard.estimate import Estimate, Kind
from szilard.ledger.jump import Jump, work_reverse_of
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


_RELATIVE = 1e-9
_EPSILON = torch.finfo(torch.float64).eps


def exact_sums(case: Case) -> Iterator[Comparison]:
    """Every exact sum of the ledger along the whole path.

    The float error allowed is 1e-9 of the truth and the rounding of φ itself: 64 ulp of ``1 + S`` per step for what is
    first order in the step, and for work, which is second order, that ulp times the length.
    """
    truth = case.truth
    phi = case.phi_table()
    before, after = phi[:-1], phi[1:]
    volume = case.log_volume()
    ulp = 64 * _EPSILON * (1 + abs(truth["entropy_conditional"] - volume))
    first_order, second_order = ulp * case.steps, ulp * truth["length"]

    def row(name: str, estimator: str, per_input: Tensor, rounding: float, shift: float = 0.0) -> Comparison:
        estimate = ledger.over_inputs(per_input)
        shifted = Estimate(estimate.value + shift, estimate.error, estimate.kind)
        return Comparison(case.name, estimator, truth[name], shifted, _RELATIVE * abs(truth[name]) + rounding)

    hellinger = ledger.hellinger_per_input
    yield row("energy", "energy, exact", ledger.energy_per_input(phi[-1]), first_order, volume)
    yield row("entropy_conditional", "entropy, exact", ledger.entropy_per_input(phi[-1]), first_order, volume)
    yield row("work", "work, exact", ledger.work_per_input(before, after).sum(0), second_order)
    jumps = Jump(before, after)
    yield row("work_reverse", "work reversed, exact", work_reverse_of(jumps).sum(0), second_order)
    yield row("heat", "heat, exact", ledger.heat_per_input(before, after).sum(0), first_order)
    yield row("length", "length, exact", ledger.angle_of(hellinger(before, after)).sum(0), first_order)
    yield row("work_direct", "work direct, exact", ledger.work_per_input(phi[0], phi[-1]), second_order)
    yield row("length_direct", "length direct, exact", ledger.angle_of(hellinger(phi[0], phi[-1])), first_order)
    yield row("fluctuation", "fluctuation, exact", ledger.fluctuation_per_input(before, after).mean(0), first_order)


def first_law(case: Case) -> Comparison:
    """W + Q against the change of energy that the system states."""
    phi = case.phi_table()
    work, heat = ledger.work_per_input(phi[:-1], phi[1:]), ledger.heat_per_input(phi[:-1], phi[1:])
    start, end = case.system.along(case.path[:1])["energy"], case.truth["energy"]
    estimate = ledger.over_inputs((work + heat).sum(0))
    scale = 1 + abs(start - case.log_volume()) + abs(end - case.log_volume())
    return Comparison(
        case.name,
        "first law, W + Q",
        end - start,
        estimate,
        _RELATIVE * abs(end - start) + 64 * _EPSILON * scale * case.steps,
    )


def work_quadratic(case: Case) -> Iterator[Comparison]:
    """The Fisher form, where steps are small enough for its leading order: it is allowed the next, ``Σ ⟨|δφ|³⟩/4``."""
    truth = case.truth["work"]
    phi, tangents = case.phi_table()[:-1], case.tangents()
    p = torch.exp(-phi)
    centred = tangents - (p * tangents).sum(-1, keepdim=True)
    next_order = 0.25 * float((p * centred.abs() ** 3).sum())
    if next_order > 0.5 * truth:
        return
    estimate = ledger.over_inputs(ledger.work_quadratic_per_input(phi, tangents).sum(0), kind=Kind.ASYMPTOTIC)
    yield Comparison(case.name, "work, Fisher form", truth, estimate, next_order + _RELATIVE * truth)
