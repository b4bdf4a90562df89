"""Three temperatures of linear descents with known noise."""

from __future__ import annotations

import numpy as np
import pytest

from szilard.errors import RecordError
from szilard.estimate import Estimate, Kind
from szilard.reservoir import Dynamics, configurational_temperature, kinetic_temperature, noise_temperature

CURVATURES = np.array([0.5, 1.0, 2.0, 4.0])
NOISES = np.array([1.0, 2.0, 0.5, 3.0])


def _descend(dynamics: Dynamics, times: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions, loop gradients and torch's buffers of heavy ball in four directions, after settling."""
    generator = np.random.default_rng(seed)
    theta, buffer = np.zeros(4), np.zeros(4)
    settle = 2000
    kept = []
    for _ in range(settle + times):
        gradient = CURVATURES * theta + np.sqrt(NOISES) * generator.normal(size=4)
        kept.append((theta, gradient, buffer))
        buffer = dynamics.momentum * buffer + gradient
        theta = theta - dynamics.rate * buffer
    positions, gradients, buffers = (np.array(series)[settle:] for series in zip(*kept, strict=True))
    return positions, gradients, buffers


def _truth(dynamics: Dynamics) -> np.ndarray:
    r, beta = dynamics.rate, dynamics.momentum
    return r * NOISES * (1 + beta) / ((1 - beta) * (2 * (1 + beta) - r * CURVATURES))


@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_kinetic_and_configurational_agree_direction_by_direction(momentum: float) -> None:
    dynamics = Dynamics("sgd", 0.1, momentum=momentum)
    theta, g, v = _descend(dynamics, 20_000)
    configurational = configurational_temperature(theta, CURVATURES * theta, directions=True)
    kinetic = kinetic_temperature(dynamics, g**2, v**2)
    truth = _truth(dynamics)
    for found in (configurational, kinetic):
        assert (np.abs(found.value.z(truth)) < 3.5).all()
        assert (found.value.error < 0.1 * truth).all()
    group = configurational_temperature(theta, CURVATURES * theta)
    assert abs(group.value.z(truth.mean())) < 3
    assert group.autocorrelation_time > 2


def test_fresh_gradients_do_as_forces() -> None:
    dynamics = Dynamics("sgd", 0.1)
    theta, _, _ = _descend(dynamics, 20_000)
    fresh = CURVATURES * theta + np.random.default_rng(9).normal(size=theta.shape)
    found = configurational_temperature(theta, fresh)
    assert abs(found.value.z(_truth(dynamics).mean())) < 3


def test_transcription() -> None:
    """Sums in loops, with the jackknife over four blocks of twelve times."""
    generator = np.random.default_rng(0)
    theta, force = generator.normal(size=(2, 13, 3))

    def covariance(times: list[int]) -> float:
        total = 0.0
        for i in range(3):
            mean = sum(theta[t, i] for t in times) / len(times)
            total += sum((theta[t, i] - mean) * force[t, i] for t in times) / len(times)
        return total / 3

    blocked = list(range(1, 13))
    whole = covariance(blocked)
    left = [covariance([t for t in blocked if (t - 1) // 3 != block]) for block in range(4)]
    bias = 3 * (whole - sum(left) / 4)
    found = configurational_temperature(theta, force)
    assert found.value.value == pytest.approx(covariance(list(range(13))) + bias, rel=1e-10)


@pytest.mark.parametrize("times, slack", [(5, 0.03), (12, 0.03), (64, 0.02)])
def test_the_windows_own_mean_costs_nothing(times: int, slack: float) -> None:
    """Independent times: without correction the mean would be (1 − 1/n) of the truth."""
    generator = np.random.default_rng(1)
    values = []
    for _ in range(3000):
        theta = generator.normal(size=(times, 4))
        values.append(configurational_temperature(theta, theta).value.value)
    error = np.std(values) / np.sqrt(3000)
    assert abs(np.mean(values) - 1) < 3.5 * error
    assert error < slack


def test_a_correlated_window_is_corrected_too() -> None:
    """AR(1) of 0.8 over 64 times: τ = 9, the plain covariance is low by about 9/64 = 14 %."""
    generator = np.random.default_rng(2)
    plain, found = [], []
    for _ in range(1500):
        theta = np.zeros((164, 4))
        for t in range(1, 164):
            theta[t] = 0.8 * theta[t - 1] + 0.6 * generator.normal(size=4)
        window = theta[100:]
        plain.append(window.var(0).mean())
        found.append(configurational_temperature(window, window).value.value)
    assert np.mean(plain) < 0.89
    assert abs(np.mean(found) - 1) < 0.06  # blocks of 16 times are still a little alike


def test_noise_temperature_scales_errors() -> None:
    found = noise_temperature(Dynamics("sgd", 0.1, momentum=0.9), Estimate(2.0, 0.1, Kind.UNBIASED, 5))
    assert (found.value, found.error) == (pytest.approx(1.0), pytest.approx(0.05))
    assert (found.kind, found.degrees_of_freedom) == (Kind.HYPOTHESIS, 5)


def test_pure_drift_has_the_sign_of_its_force() -> None:
    """Steady descent down a slope that steepens: θ falls as its force rises; negative temperatures are kept."""
    times = np.arange(50.0)
    assert configurational_temperature(-times, times).value.value < 0


def test_refusals() -> None:
    with pytest.raises(RecordError, match="do not pair"):
        configurational_temperature(np.ones((3, 2)), np.ones((3, 1)))
    with pytest.raises(RecordError, match="at least three times"):
        configurational_temperature(np.ones(2), np.ones(2))
