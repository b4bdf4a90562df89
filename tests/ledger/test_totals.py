"""From per-input and per-step numbers to estimates."""

from __future__ import annotations

import math

import pytest
import torch

from szilard import ledger
from szilard.estimate import Estimate, Kind


def test_over_inputs() -> None:
    values = torch.tensor([[1.0, 2.0, 6.0], [0.0, 0.0, 3.0]], dtype=torch.float64)
    estimate = ledger.over_inputs(values)
    assert estimate.value.tolist() == [3.0, 1.0]
    assert estimate.error.tolist() == pytest.approx([math.sqrt(7 / 3), 1.0])
    assert (estimate.kind, estimate.degrees_of_freedom) == (Kind.EXACT, 2)
    assert ledger.over_inputs(values, kind=Kind.UNBIASED).kind is Kind.UNBIASED


def test_one_input_has_no_sampling_error() -> None:
    estimate = ledger.over_inputs(torch.tensor([[2.5]], dtype=torch.float64))
    assert (float(estimate.value), float(estimate.error), estimate.degrees_of_freedom) == (2.5, 0.0, math.inf)


def test_over_replicates() -> None:
    estimate = ledger.over_replicates(torch.tensor([1.0, 2.0, 6.0], dtype=torch.float64))
    assert float(estimate.value) == 3.0
    assert float(estimate.error) == pytest.approx(math.sqrt(7 / 3))
    assert (estimate.kind, estimate.degrees_of_freedom) == (Kind.UNBIASED, 2)
    with pytest.raises(ValueError, match="at least 2 replicates, not 1"):
        ledger.over_replicates(torch.ones(3, 1))


def test_total_adds_errors_in_quadrature() -> None:
    estimate = ledger.total([Estimate(1.0, 3.0, Kind.EXACT), Estimate(2.0, 4.0, Kind.UNBIASED)])
    assert (estimate.value, estimate.error, estimate.kind) == (3.0, 5.0, Kind.UNBIASED)


def test_total_over_members() -> None:
    step = Estimate(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 0.0]), Kind.UNBIASED)
    estimate = ledger.total([step, Estimate(torch.tensor([1.0, 1.0]), torch.tensor([4.0, 2.0]), Kind.UNBIASED)])
    assert estimate.value.tolist() == [2.0, 3.0]
    assert estimate.error.tolist() == [5.0, 2.0]


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ([Kind.EXACT, Kind.EXACT], Kind.EXACT),
        ([Kind.UNBIASED, Kind.ASYMPTOTIC], Kind.ASYMPTOTIC),
        ([Kind.LOWER, Kind.ASYMPTOTIC], Kind.LOWER),
        ([Kind.UPPER, Kind.EXACT], Kind.UPPER),
        ([Kind.HYPOTHESIS, Kind.LOWER], Kind.HYPOTHESIS),
    ],
)
def test_the_weakest_kind_prevails(kinds: list[Kind], expected: Kind) -> None:
    assert ledger.total([Estimate(0.0, 0.0, kind) for kind in kinds]).kind is expected


def test_what_does_not_add_up() -> None:
    with pytest.raises(ValueError, match="nothing to add up"):
        ledger.total([])
    with pytest.raises(ValueError, match="lower and an upper bound"):
        ledger.total([Estimate(0.0, 0.0, Kind.LOWER), Estimate(0.0, 0.0, Kind.UPPER)])


@pytest.mark.parametrize(("bound", "expected"), [(Kind.UPPER, Kind.LOWER), (Kind.LOWER, Kind.UPPER)])
def test_bounds_turn_over_where_they_are_subtracted(bound: Kind, expected: Kind) -> None:
    known = Estimate(1.0, 0.0, Kind.EXACT)
    assert ledger.heat_total(known, known, Estimate(0.3, 0.1, bound)).kind is expected
    assert ledger.heat_total(Estimate(1.0, 0.1, bound), known, known).kind is expected
    assert ledger.heat_total(known, Estimate(1.0, 0.1, bound), known).kind is bound


def test_heat_total() -> None:
    start, end = Estimate(2.0, 0.3, Kind.UNBIASED), Estimate(1.5, 0.4, Kind.UNBIASED)
    heat = ledger.heat_total(start, end, Estimate(0.25, 1.2, Kind.UNBIASED))
    assert heat.value == pytest.approx(-0.75)
    assert heat.error == pytest.approx(1.3)
    assert heat.kind is Kind.UNBIASED


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ledger.heat_sampled(torch.ones(1), torch.ones(1)), "at least 2 samples"),
        (lambda: ledger.work_reused(torch.ones(1, 5)), r"at least 2 points and 2 samples, not \(1, 5\)"),
        (lambda: ledger.heat_reused(torch.ones(3, 1)), "at least 2 points and 2 samples"),
        (lambda: ledger.fluctuation_reused(torch.ones(1, 1)), "at least 2 points and 2 samples"),
    ],
)
def test_too_little_to_estimate_from(call, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=message):
        call()
