"""dU/dT of harmonic basins, whose heat capacity is half their dimension."""

from __future__ import annotations

import math

import numpy as np
import pytest

from szilard.errors import RecordError
from szilard.estimate import Estimate, Kind
from szilard.reservoir import (
    Dynamics,
    configurational_temperature,
    equipartition_energy,
    heat_capacity,
    time_average,
)


def _estimates(values: np.ndarray, errors: np.ndarray | float) -> list[Estimate]:
    errors = np.broadcast_to(errors, np.shape(values))
    return [Estimate(float(v), float(e), Kind.UNBIASED) for v, e in zip(values, errors, strict=True)]


def test_exact_temperatures_give_weighted_least_squares() -> None:
    t, u, e = np.array([1.0, 2, 3, 5]), np.array([2.0, 3.1, 5, 8]), np.array([0.1, 0.2, 0.1, 0.4])
    found = heat_capacity(_estimates(t, 0.0), _estimates(u, e))
    design = np.stack([t, np.ones(4)], axis=1) / e[:, None]
    covariance = np.linalg.inv(design.T @ design)
    slope, ground = covariance @ design.T @ (u / e)
    assert found.capacity.value == pytest.approx(slope)
    assert found.ground.value == pytest.approx(ground)
    stretch = math.sqrt(max(found.chi_square / 2, 1))
    assert found.capacity.error == pytest.approx(math.sqrt(covariance[0, 0]) * stretch)
    assert found.ground.error == pytest.approx(math.sqrt(covariance[1, 1]) * stretch)


def test_exact_energies_are_the_line_the_other_way_round() -> None:
    t, u = np.array([1.0, 2.1, 2.9, 4.2]), np.array([1.0, 2, 3, 4])
    found = heat_capacity(_estimates(t, 0.1), _estimates(u, 0.0))
    assert found.capacity.value == pytest.approx(1 / np.polyfit(u, t, 1)[0])


def test_pearsons_data_with_yorks_weights() -> None:
    """The classic test: slope −0.48053 and ground 5.4799 (York 1966; York et al. 2004, Table II)."""
    x = np.array([0, 0.9, 1.8, 2.6, 3.3, 4.4, 5.2, 6.1, 6.5, 7.4])
    y = np.array([5.9, 5.4, 4.4, 4.6, 3.5, 3.7, 2.8, 2.8, 2.4, 1.5])
    wx = np.array([1000, 1000, 500, 800, 200, 80, 60, 20, 1.8, 1])
    wy = np.array([1, 1.8, 4, 8, 20, 20, 70, 70, 100, 500])
    found = heat_capacity(_estimates(x, wx**-0.5), _estimates(y, wy**-0.5))
    assert found.capacity.value == pytest.approx(-0.480533, abs=1e-6)
    assert found.ground.value == pytest.approx(5.479911, abs=1e-6)
    assert found.chi_square == pytest.approx(11.8664, abs=1e-4)
    stretch = math.sqrt(11.8664 / 8)
    assert found.capacity.error / stretch == pytest.approx(0.05799, abs=2e-5)
    assert found.ground.error / stretch == pytest.approx(0.29497, abs=2e-5)


def test_coverage() -> None:
    """1,000 lines through six states with errors in both: binomial error 0.007."""
    generator = np.random.default_rng(0)
    t = np.linspace(1, 2, 6)
    held = 0
    for _ in range(1000):
        x, y = t + 0.03 * generator.normal(size=6), 4 + 50 * t + 2 * generator.normal(size=6)
        low, high = heat_capacity(_estimates(x, 0.03), _estimates(y, 2.0)).capacity.interval()
        held += low <= 50 <= high
    assert 0.945 < held / 1000 < 0.985  # a scatter above the stated errors only ever widens


def test_sgd_in_a_quadratic_has_half_a_degree_of_freedom() -> None:
    """Five directions of one curvature, rates varied: U = ½ h‖θ‖² against the configurational temperature."""
    generator = np.random.default_rng(1)
    temperatures, energies = [], []
    for rate in (0.05, 0.1, 0.2):
        theta = np.zeros(5)
        path = []
        for _ in range(21_000):
            theta = theta - rate * (theta + generator.normal(size=5))
            path.append(theta)
        kept = np.array(path[1000:])
        noise = Dynamics("sgd", rate).noise_temperature(1.0)
        temperature = configurational_temperature(kept, kept).value
        assert temperature.value == pytest.approx(noise / (1 - rate / 2), rel=0.15)
        # Known temperatures: those that are measured on the same path share its fluctuations with U.
        temperatures.append(Estimate(noise / (1 - rate / 2), 0.0, Kind.EXACT))
        energies.append(time_average(0.5 * np.square(kept).sum(1)).value)
        assert equipartition_energy(temperature, 5).value == pytest.approx(energies[-1].value, rel=0.02)
    found = heat_capacity(temperatures, energies)
    assert abs(found.capacity.z(2.5)) < 3
    assert found.p_value > 0.001
    assert found.capacity.error < 0.25


def test_a_bent_answer_is_seen() -> None:
    t = np.linspace(0, 2, 8)
    found = heat_capacity(_estimates(t, 0.0), _estimates(t**2, 0.02))
    assert found.p_value < 1e-6
    assert found.capacity.error > 5 * 0.02 / math.sqrt(((t - 1) ** 2).sum())


def test_refusals() -> None:
    one = _estimates(np.ones(3), 0.1)
    with pytest.raises(RecordError, match="three states"):
        heat_capacity(one[:2], one[:2])
    with pytest.raises(RecordError, match="all alike"):
        heat_capacity(one, one)
    with pytest.raises(RecordError, match="no error at all"):
        heat_capacity(_estimates(np.arange(3.0), 0.0), _estimates(np.arange(3.0), 0.0))
