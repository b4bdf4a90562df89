"""Σ against the learning rate: the fit against naive least squares, and the law of the dragged trap."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from szilard.errors import RecordError
from szilard.estimate import Estimate, Kind
from szilard.reservoir import path_entropy, quasi_static
from szilard.reservoir.quasi_static import QuasiStatic
from szilard.reservoir.replicates import mean_of
from szilard.systems import DraggedTrap

RATES = (0.02, 0.04, 0.08, 0.16)
TEMPERATURE, WAY, CURVATURE = 0.5, 6.0, 1.0


def production(rate: float, speed: float, steps: int, seed: int) -> Estimate:
    """Σ of being dragged ``steps`` steps at fixed temperature, by path."""
    trap = DraggedTrap(speed=speed, curvature=CURVATURE, noise=2 * TEMPERATURE / rate, rate=rate)
    path = trap.simulate(steps, members=1_000, seed=seed).theta.numpy()
    return path_entropy(path, trap.step_mean, trap.step_noise).mean()


PROTOCOLS: dict[str, tuple[Callable[[float], tuple[float, int]], float]] = {
    "a given way in a given number of steps": (lambda r: (WAY / 100, 100), -1.0),
    "a given way in a given time": (lambda r: (WAY * r / 8, math.ceil(8 / r)), 0.0),
    "a way in a time that grows as 1/r": (lambda r: (WAY * r * r / 4, math.ceil(4 / r**2)), 1.0),
}


@pytest.mark.parametrize("name", PROTOCOLS)
def test_what_is_kept_decides(name: str) -> None:
    """The reservoir's production grows, stays or vanishes with r, by exponents −1, 0, 1 (to first order in rh)."""
    protocol, exponent = PROTOCOLS[name]
    rates = RATES if exponent < 1 else (0.05, 0.1, 0.2)
    found = quasi_static(rates, [production(r, *protocol(r), seed=20 + i) for i, r in enumerate(rates)])
    assert abs(found.exponent.value - exponent) < 4 * found.exponent.error + 0.12
    assert found.vanishes == (exponent > 0)
    truth = [
        DraggedTrap(speed=protocol(r)[0], curvature=1.0, noise=1 / r, rate=r).exact()["ep_rate"] * protocol(r)[1]
        for r in rates
    ]
    exact = quasi_static(rates, [Estimate(t, 0.01 * t, Kind.EXACT) for t in truth])
    assert abs(found.exponent.value - exact.exponent.value) < 4 * found.exponent.error + 0.02


@pytest.mark.parametrize("seed", range(20))
def test_naive_least_squares(seed: int) -> None:
    """By the normal equations, and by numpy's own weighted fit."""
    generator = np.random.default_rng(seed)
    rates = np.sort(generator.uniform(0.01, 1.0, size=3 + seed % 4))
    errors = generator.uniform(0.01, 0.1, size=len(rates))
    values = 2 * rates ** generator.uniform(-1, 2) * (1 + errors * generator.normal(size=len(rates)))
    found = quasi_static(rates, [Estimate(v, e * v, Kind.UNBIASED) for v, e in zip(values, errors, strict=True)])
    assert isinstance(found, QuasiStatic)
    coefficients, covariance = np.polyfit(np.log(rates), np.log(values), 1, w=1 / errors, cov="unscaled")
    assert found.exponent.value == pytest.approx(coefficients[0], rel=1e-9, abs=1e-12)
    assert found.exponent.error == pytest.approx(math.sqrt(covariance[0, 0]), rel=1e-9)
    residuals = (np.log(values) - np.polyval(coefficients, np.log(rates))) / errors
    assert found.misfit == pytest.approx(float(residuals @ residuals), rel=1e-7, abs=1e-12)
    line, line_covariance = np.polyfit(rates, values, 1, w=1 / (errors * values), cov="unscaled")
    assert found.limit.value == pytest.approx(line[1], rel=1e-8, abs=1e-12)
    assert found.limit.error == pytest.approx(math.sqrt(line_covariance[1, 1]), rel=1e-8)
    assert found.degrees_of_freedom == len(rates) - 2


def test_coverage_of_the_exponent() -> None:
    """Nominal 95 % of 2,000 power laws with known errors (binomial, 4 sigma)."""
    generator = np.random.default_rng(1)
    rates = np.array([0.01, 0.03, 0.1, 0.3])
    held = 0
    for _ in range(2_000):
        values = 3 * rates**0.7 * (1 + 0.02 * generator.normal(size=4))
        low, high = quasi_static(rates, [Estimate(v, 0.02 * v, Kind.UNBIASED) for v in values]).exponent.interval()
        held += low <= 0.7 <= high
    assert abs(held / 2_000 - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 2_000)


def test_coverage_with_few_members() -> None:
    """Three rates, five members each: errors on four degrees of freedom. Normal intervals would hold in 88 %."""
    generator = np.random.default_rng(2)
    rates = np.array([0.02, 0.05, 0.1])
    held = 0
    for _ in range(2_000):
        members = 3 * rates[:, None] ** 0.7 * (1 + 0.05 * generator.normal(size=(3, 5)))
        productions = [mean_of(each) for each in members]
        assert productions[0].degrees_of_freedom == 4
        found = quasi_static(rates, productions)
        assert found.exponent.degrees_of_freedom == found.limit.degrees_of_freedom == 4
        low, high = found.exponent.interval()
        held += low <= 0.7 <= high
    assert 0.94 < held / 2_000 < 0.99


def test_a_bend_is_seen() -> None:
    """No single exponent: the misfit says so."""
    rates = (0.1, 0.2, 0.4, 0.8)
    found = quasi_static(rates, [Estimate(1 + r**3, 0.01, Kind.UNBIASED) for r in rates])
    assert found.p_value < 1e-6


def _one(value: float, error: float) -> Estimate:
    return Estimate(value, error, Kind.UNBIASED)


@pytest.mark.parametrize(
    ("rates", "productions", "message"),
    [
        ((0.1, 0.2), [_one(1, 0.1)] * 2, "at three or more"),
        ((0.1, 0.2, 0.2), [_one(1, 0.1)] * 3, "at three or more"),
        ((0.1, 0.2, 0.3), [_one(1, 0.1)] * 2, "at three or more"),
        ((0.0, 0.2, 0.3), [_one(1, 0.1)] * 3, "rate is not above 0"),
        ((0.1, 0.2, 0.3), [_one(1, 0.1), _one(-0.1, 0.1), _one(1, 0.1)], "no place on a logarithmic scale"),
        ((0.1, 0.2, 0.3), [_one(1, 0.1), _one(1, 0.0), _one(1, 0.1)], "no place on a logarithmic scale"),
        ((0.1, 0.2, 0.3), [_one(1, 0.1), _one(math.nan, 0.1), _one(1, 0.1)], "no place on a logarithmic scale"),
    ],
)
def test_refusals(rates: tuple[float, ...], productions: list[Estimate], message: str) -> None:
    with pytest.raises(RecordError, match=message):
        quasi_static(rates, productions)
