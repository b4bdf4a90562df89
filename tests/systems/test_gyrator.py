"""Closed forms of the gyrator, by Lyapunov's equation and by definition."""

from __future__ import annotations

import math

import numpy as np
import pytest

from szilard.errors import SpecError
from szilard.systems import Gyrator

SETTINGS = [
    Gyrator(rate=rate, stiffness=stiffness, temperatures=temperatures, angle=angle)
    for rate in (0.01, 0.2)
    for stiffness in ((1.0, 2.0), (0.3, 5.0))
    for temperatures in ((1.0, 0.1), (0.5, 0.6))
    for angle in (0.0, math.pi / 4, 1.1)
]


def test_published_rates() -> None:
    assert Gyrator(rate=0.01).ep_rate_continuous == pytest.approx(0.675, rel=1e-12)
    assert Gyrator(rate=0.01).ep_rate_discretised == pytest.approx(0.6795, abs=5e-5)
    assert Gyrator(rate=0.001).ep_rate_discretised == pytest.approx(0.67545, abs=5e-6)


@pytest.mark.parametrize("gyrator", SETTINGS)
def test_covariance_reproduces_itself(gyrator: Gyrator) -> None:
    covariance, step = gyrator.covariance, gyrator.step_map
    assert np.allclose(step @ covariance @ step.T + gyrator.step_noise, covariance, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("gyrator", SETTINGS)
def test_entropy_production_by_definition(gyrator: Gyrator) -> None:
    """⟨ln p(θ'|θ)/p(θ|θ')⟩ of one stationary step, its quadratic forms averaged with Σ: no exchange, no eigenbasis."""
    step, noise, covariance = gyrator.step_map, gyrator.step_noise, gyrator.covariance
    inverse = np.linalg.inv(noise)
    lagged = covariance @ step.T  # ⟨θ θ'ᵀ⟩
    backward = covariance - lagged @ step.T - step @ lagged.T + step @ covariance @ step.T
    per_step = 0.5 * np.trace(inverse @ backward) - 0.5 * 2
    assert gyrator.exact()["ep_rate"] == pytest.approx(per_step, rel=1e-9, abs=1e-13)
    assert gyrator.ep_rate_discretised == pytest.approx(per_step / gyrator.rate, rel=1e-9, abs=1e-11)


@pytest.mark.parametrize(
    "gyrator",
    [
        Gyrator(rate=0.1, temperatures=(0.3, 0.3)),
        Gyrator(rate=0.1, stiffness=(1.0, 1.0)),
        Gyrator(rate=0.1, angle=0.0),
        Gyrator(rate=0.1, angle=math.pi / 2),
    ],
)
def test_detailed_balance_where_it_must_hold(gyrator: Gyrator) -> None:
    assert gyrator.exact()["ep_rate"] == pytest.approx(0, abs=1e-30)
    lagged = gyrator.step_map @ gyrator.covariance
    assert np.allclose(lagged, lagged.T, atol=1e-14)


@pytest.mark.parametrize("gyrator", SETTINGS)
def test_temperatures_agree_direction_by_direction_also_out_of_equilibrium(gyrator: Gyrator) -> None:
    answers = gyrator.by_direction()
    assert answers["temperature_kinetic"] == pytest.approx(answers["temperature_configurational"], rel=1e-12)
    assert answers["fdr_ratio"] == pytest.approx((1.0, 1.0), rel=1e-12)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"rate": 0.0}, "rate is 0.0"),
        ({"rate": 1.0}, "diverges"),
        ({"stiffness": (1.0,)}, "give two"),
        ({"temperatures": (1.0, 0.0)}, "temperatures is 0.0"),
        ({"temperatures": (1.0, 0.1, 0.2)}, "give two"),
        ({"angle": math.inf}, "angle is inf"),
    ],
)
def test_refusals(changed: dict[str, object], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        Gyrator(**{"rate": 0.1, **changed})
