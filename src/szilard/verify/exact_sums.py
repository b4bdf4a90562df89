"""Exact sums against the systems' answers: the only difference allowed is float error."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from szilard import ledger
from szilard.estimate import Estimate, Kind
from szilard.ledger.jump import Jump, work_reverse_of
from szilard.verify.case import Case
from szilard.verify.row import Comparison

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
