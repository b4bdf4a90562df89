"""Temperatures of coloured noise against linear descents, whose stationary variance is a sum of their own."""

from __future__ import annotations

import numpy as np
import pytest

from szilard.errors import SpecError
from szilard.estimate import Estimate, Kind
from szilard.reservoir import (
    Dynamics,
    green_kubo_temperature,
    shuffled_autocorrelation,
    shuffled_temperature_ratio,
    shuffled_variance_ratio,
)


def _exact(values: list[float], error: float = 0.0) -> Estimate:
    return Estimate(np.array(values), np.full(len(values), error), Kind.EXACT)


@pytest.mark.parametrize("rho", [-0.5, 0.3, 0.8])
@pytest.mark.parametrize("decay", [0.0, 0.1, 0.7])
def test_ar1_noise(rho: float, decay: float) -> None:
    """θ' = (1 − rλ)θ − rη, η' = ρη + ξ: the stationary covariance of (θ, η) by iteration of its map."""
    rate, lags = 0.2, 400
    found = green_kubo_temperature(
        Dynamics("sgd", rate), _exact([rho**h for h in range(lags)]), range(lags), decay=decay
    )
    if decay == 0:
        assert found.value == pytest.approx(0.5 * rate * (1 + rho) / (1 - rho), rel=1e-9)
        return
    matrix = np.array([[1 - decay, -rate], [0, rho]])
    drive = np.diag([0, 1 - rho**2])
    covariance = np.zeros((2, 2))
    for _ in range(2000):
        covariance = matrix @ covariance @ matrix.T + drive
    curvature = decay / rate
    assert found.value == pytest.approx(curvature * (1 - decay / 2) * covariance[0, 0], rel=1e-9)


@pytest.mark.parametrize("batches", [2, 10, 100])
def test_shuffled_epochs_have_no_temperature_where_it_is_flat(batches: int) -> None:
    measured = [3 * shuffled_autocorrelation(batches, lag) for lag in range(min(batches, 11))]
    lags = range(len(measured))
    found = green_kubo_temperature(Dynamics("sgd", 0.1), _exact(measured), lags, shuffled_batches=batches)
    assert found.value == pytest.approx(0, abs=1e-12)
    blind = green_kubo_temperature(Dynamics("sgd", 0.1), _exact(measured), lags)
    if batches == 100:
        assert blind.value == pytest.approx(0.5 * 0.1 * 3 * (1 - 2 * sum(100 - h for h in range(1, 11)) / 9900))


@pytest.mark.parametrize("batches, decay", [(2, 0.3), (5, 0.02), (20, 0.4)])
def test_shuffled_descent(batches: int, decay: float) -> None:
    """Mean over the epoch, and ends of epochs, from the covariance of an epoch's noises written out."""
    memory = 1 - decay
    c = (batches * np.eye(batches) - np.ones((batches, batches))) / (batches - 1)
    # Var at the start of an epoch: v = q^2M v + w C w, w_j = q^(M−1−j).
    weights = memory ** np.arange(batches)[::-1]
    at_end = weights @ c @ weights / (1 - memory ** (2 * batches))
    variances = []
    for place in range(batches):
        part = memory ** np.arange(place)[::-1]
        variances.append(memory ** (2 * place) * at_end + part @ c[:place, :place] @ part)
    independent = 1 / (1 - memory**2)
    assert shuffled_variance_ratio(batches, decay) == pytest.approx(at_end / independent, rel=1e-10)
    assert shuffled_temperature_ratio(batches, decay) == pytest.approx(np.mean(variances) / independent, rel=1e-10)


def test_published_limits_of_the_epoch() -> None:
    """r h M = 0.1, 1, 10: .001, .08, .80 for many batches."""
    found = [shuffled_variance_ratio(10_000, x / 10_000) for x in (0.1, 1, 10)]
    wanted = [1 - 2 * (1 - np.exp(-x)) ** 2 / (x * (1 - np.exp(-2 * x))) for x in (0.1, 1, 10)]
    assert found == pytest.approx(wanted, rel=2e-3)
    assert found == pytest.approx([0.001, 0.08, 0.80], abs=0.005)


def test_errors_add_up() -> None:
    found = green_kubo_temperature(Dynamics("sgd", 0.2, momentum=0.5), _exact([1.0, 0.1], error=0.3), [0, 1])
    assert found.value == pytest.approx(0.2 * 1.2)
    assert found.error == pytest.approx(0.2 * 0.3 * np.sqrt(1 + 4))


def test_refusals() -> None:
    white = _exact([1.0, 0.0])
    with pytest.raises(SpecError, match="without a gap"):
        green_kubo_temperature(Dynamics("sgd", 0.1), white, [0, 2])
    with pytest.raises(SpecError, match="plain SGD"):
        green_kubo_temperature(Dynamics("sgd", 0.1, momentum=0.9), white, [0, 1], decay=0.1)
    with pytest.raises(SpecError, match="full gradient"):
        shuffled_variance_ratio(1, 0.1)
