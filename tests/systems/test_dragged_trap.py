"""The law of the dragged trap, by the moments of one step."""

from __future__ import annotations

import math

import pytest

from szilard.errors import SpecError
from szilard.systems import DraggedTrap


@pytest.mark.parametrize("speed", [0.0, 0.05, -0.4])
@pytest.mark.parametrize("rate", [0.05, 0.4, 1.5])
@pytest.mark.parametrize("h", [0.4, 1.2])
def test_entropy_production_by_definition(speed: float, rate: float, h: float) -> None:
    """⟨ln p(θ'|θ)/p(θ|θ')⟩ of a step with the trap where it is: θ ~ N(−lag, V), θ' = mθ + N(0, r²c)."""
    c = 0.7
    trap = DraggedTrap(speed=speed, curvature=h, noise=c, rate=rate)
    m, noise = 1 - rate * h, rate**2 * c
    variance = noise / (1 - m * m)
    mean = -speed / (rate * h)
    square, square_after, product = variance + mean**2, variance + (m * mean) ** 2, m * variance + m * mean**2
    forward = square_after - 2 * m * product + m * m * square
    backward = square - 2 * m * product + m * m * square_after
    answers = trap.exact()
    assert answers["ep_rate"] == pytest.approx((backward - forward) / (2 * noise), rel=1e-9, abs=1e-14)
    assert answers["parameter_variance"] == pytest.approx(variance, rel=1e-12)
    assert m * mean - speed == pytest.approx(mean), "the lag reproduces itself"


def test_the_law_in_rate_and_speed() -> None:
    """At fixed temperature and way per step Σ ∝ 1/r for small rates; at fixed rate Σ ∝ v²."""

    def rate_of(speed: float, rate: float) -> float:
        return DraggedTrap(speed=speed, curvature=1.0, noise=2 * 0.3 / rate, rate=rate).exact()["ep_rate"]

    assert rate_of(0.1, 1e-4) / rate_of(0.1, 2e-4) == pytest.approx(2, rel=1e-3)
    assert rate_of(0.2, 0.1) / rate_of(0.1, 0.1) == pytest.approx(4, rel=1e-12)
    assert rate_of(0.1, 1e-4) == pytest.approx(0.1**2 / (1e-4 * 0.3), rel=1e-3)


def test_without_noise() -> None:
    assert math.isinf(DraggedTrap(speed=0.1, curvature=1.0, noise=0.0, rate=0.1).exact()["ep_rate"])
    assert DraggedTrap(speed=0.0, curvature=1.0, noise=0.0, rate=0.1).exact()["ep_rate"] == 0


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"speed": math.nan}, "speed is nan"),
        ({"curvature": 0.0}, "curvature is 0.0"),
        ({"rate": 2.0}, "diverges"),
        ({"noise": -1.0}, "noise is -1.0"),
    ],
)
def test_refusals(changed: dict[str, float], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        DraggedTrap(**{"speed": 0.1, "curvature": 1.0, "noise": 1.0, "rate": 0.1, **changed})
