"""M-info from both sides, Clausius, and the data processing inequality."""

from __future__ import annotations

import math

import numpy as np
import pytest

from szilard.errors import SpecError
from szilard.estimate import Estimate, Kind
from szilard.information import (
    Nesting,
    chain_bound,
    clausius_information,
    clausius_residual,
    data_processing,
    ideal_learning,
    m_info_lower,
    m_info_upper,
    measure,
    population_bound,
)
from szilard.systems import CategoricalTeachers, GaussianMean

SYSTEM = GaussianMean(
    dimension=2, points=10, model_sigma=1.0, data_sigma=1.0, rate=0.1, noise=0.02, initial_variance=0.5
)


@pytest.mark.parametrize("steps", [1, 5, 200])
def test_chain_bound_holds_and_is_tight_for_one_step(steps: int) -> None:
    """The gradient is ``(θ − b̄)/s²``: given θ its covariance is that of b̄, ``s*²/N`` in each component."""
    variance = np.full(steps, SYSTEM.dimension * SYSTEM.data_sigma**2 / SYSTEM.points)
    bound = chain_bound(variance, learning_rate=SYSTEM.rate, noise=SYSTEM.noise, parameters=SYSTEM.dimension)
    truth = SYSTEM.exact(steps=steps)["m_info"]
    naive = sum(
        SYSTEM.dimension / 2 * math.log(1 + SYSTEM.rate**2 * v / (SYSTEM.dimension * SYSTEM.noise)) for v in variance
    )
    assert bound.kind is Kind.UPPER
    assert bound.value == pytest.approx(naive)
    assert truth <= bound.value
    assert data_processing(Estimate(SYSTEM.exact(steps=steps)["info_data"], 0.0, Kind.EXACT), bound).held


def test_sandwich_of_a_population() -> None:
    """K data sets that are all there are: ``I(X;B) ≤ I(Θ;B) ≤ ln K``; more inputs tell more."""
    system = CategoricalTeachers(datasets=4, initialisations=2, orders=1, inputs=6, dataset=2.0, initialisation=0.1)
    look = measure(Nesting.regular(datasets=4, seeds=2), system.log_p.flatten(0, 3).numpy())
    lower, upper = m_info_lower(look), m_info_upper([population_bound(4), Estimate(9.0, 0.0, Kind.UPPER)])
    assert upper.value == math.log(4)
    assert look["info_data_lower"].value < lower.value <= upper.value
    assert lower.kind is Kind.LOWER


def test_clausius() -> None:
    answers = SYSTEM.exact(steps=5)
    heat = Estimate(answers["heat"], 0.01, Kind.UNBIASED)
    number = clausius_information(heat)
    assert (number.kind, number.value) == (Kind.HYPOTHESIS, pytest.approx(answers["clausius_information"]))
    residual = clausius_residual(heat, answers["parameter_entropy_change"])
    assert residual.value == pytest.approx(answers["clausius_residual"])
    for unknown in (None, math.inf):
        with pytest.raises(SpecError, match="cannot be checked here"):
            clausius_residual(heat, unknown)
    share = ideal_learning(Estimate(0.1, 0.01, Kind.ASYMPTOTIC), number)
    assert share.kind is Kind.HYPOTHESIS
    assert share.error == pytest.approx(share.value * math.hypot(0.1, 0.01 / number.value))


def test_ratios_of_bounds() -> None:
    value, upper = Estimate(1.0, 0.0, Kind.EXACT), Estimate(2.0, 0.0, Kind.UPPER)
    assert ideal_learning(value, upper).kind is Kind.LOWER
    assert ideal_learning(upper, value).kind is Kind.UPPER
    with pytest.raises(SpecError, match="means nothing"):
        ideal_learning(value, Estimate(0.0, 0.0, Kind.EXACT))
    with pytest.raises(SpecError, match="other bounds"):
        data_processing(upper, value)


def test_no_noise_no_bound() -> None:
    with pytest.raises(SpecError, match="without noise"):
        chain_bound(np.ones(3), learning_rate=0.1, noise=0.0, parameters=3)
    with pytest.raises(SpecError, match="at least one bound"):
        m_info_upper([])
