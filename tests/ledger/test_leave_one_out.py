"""What is left out one by one: means of the others, the jackknife, and how many updates are independent."""

from __future__ import annotations

import math
import statistics

import pytest
import torch

from szilard import ledger
from szilard.estimate import Estimate, Kind
from szilard.ledger.both_ends import DetailedLaw
from szilard.ledger.energies import EnergyStep
from szilard.ledger.lagged import Advice
from szilard.ledger.slots import length_of_defects, others
from szilard.ledger.totals import jackknife
from szilard.ledger.unrelaxed import Undone

VALUES = [0.3, 1.7, -0.4, 2.2, 0.9]


def test_means_of_the_others() -> None:
    expected = [statistics.fmean(VALUES[:i] + VALUES[i + 1 :]) for i in range(len(VALUES))]
    torch.testing.assert_close(others(torch.tensor(VALUES, dtype=torch.float64)).tolist(), expected)


def test_the_jackknife_of_a_squared_mean_takes_its_bias_back() -> None:
    """⟨x⟩² is too large by Var x/N, and the jackknife gives ⟨x⟩² − s²/N exactly."""
    values = torch.tensor(VALUES, dtype=torch.float64)
    whole, left_out = values.mean().square(), others(values).square()
    found = jackknife(whole, left_out)
    count = len(VALUES)
    assert found.value.item() == pytest.approx(statistics.fmean(VALUES) ** 2 - statistics.variance(VALUES) / count)
    spread = (count - 1) * statistics.pvariance(left_out.tolist())
    assert found.error.item() == pytest.approx(math.sqrt(spread))
    assert found.kind is Kind.ASYMPTOTIC and found.degrees_of_freedom == count - 1


def test_the_length_of_equal_defects_has_no_error_and_no_bend() -> None:
    h = 0.2
    found = length_of_defects(torch.full((7,), h, dtype=torch.float64))
    assert found.value.item() == pytest.approx(2 * math.acos(1 - h))
    assert found.error.item() == pytest.approx(0, abs=1e-12)


def test_updates_far_apart_are_independent_and_those_of_slow_chains_are_not() -> None:
    gaps, steps, time = [1.0, 3.0], 5, 8.0
    expected = 1 + sum(1 - math.exp(-2 * gap * steps / time) for gap in gaps)
    assert ledger.independent_updates(gaps, steps, time) == pytest.approx(expected)
    assert ledger.independent_updates(gaps, steps, 100.0) == 1.0


def test_what_the_sums_of_energies_return() -> None:
    before = torch.tensor([0.0, 0.5, 1.0, 0.2], dtype=torch.float64)
    step = ledger.step_of_energies(before, before + 0.3)
    assert isinstance(step, EnergyStep) and step.free_energy.value.item() == pytest.approx(0.3)
    generator = torch.Generator().manual_seed(0)
    forward, backward = (torch.randn(400, generator=generator, dtype=torch.float64) + shift for shift in (0.5, -0.5))
    law = ledger.detailed_law(forward, backward)
    assert isinstance(law, DetailedLaw) and abs(law.slope.z(1.0)) < 3
    advice = ledger.advise(Estimate(1.0, 0.01, Kind.ASYMPTOTIC), Estimate(2.0, 0.01, Kind.ASYMPTOTIC), 10, 5)
    assert isinstance(advice, Advice) and advice.lag_at(5) == pytest.approx(0.2)
    heat = ledger.undone([0.0, 2.0, 4.0], [1.0, 0.5, 0.25], [0.01, 0.01, 0.01], 2, 0.1)
    assert isinstance(heat, Undone)
