"""Closed forms of SGD, heavy ball and Nesterov on a quadratic, and what they refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from szilard.errors import SpecError
from szilard.systems import HeavyBall


@pytest.mark.parametrize("h", [0.3, 2.0])
@pytest.mark.parametrize("c", [0.5, 3.0])
@pytest.mark.parametrize("rate", [0.02, 0.4])
@pytest.mark.parametrize("beta", [0.0, 0.5, 0.95])
def test_heavy_ball_in_closed_form(h: float, c: float, rate: float, beta: float) -> None:
    """``Var θ = rc(1 + β)/{h(1 − β)[2(1 + β) − rh]}``, and both temperatures from it."""
    answers = HeavyBall(curvature=h, noise=c, rate=rate, momentum=beta).exact()
    variance = rate * c * (1 + beta) / (h * (1 - beta) * (2 * (1 + beta) - rate * h))
    assert answers["parameter_variance"] == pytest.approx(variance, rel=1e-10)
    assert answers["temperature_noise"] == pytest.approx(rate * c / (2 * (1 - beta)), rel=1e-14)
    kinetic = 0.5 * rate * (1 + beta) * answers["buffer_square"]
    assert answers["temperature_kinetic"] == pytest.approx(kinetic, rel=1e-12)
    assert answers["temperature_configurational"] == pytest.approx(kinetic, rel=1e-9)


@pytest.mark.parametrize("beta", [0.3, 0.9])
@pytest.mark.parametrize("h", [0.1, 1.0])
def test_nesterov_by_iterating_the_covariance(beta: float, h: float) -> None:
    r, c = 0.2, 0.7
    step = np.array([[1 - r * h * (1 + beta), -r * beta**2], [h, beta]])
    push = np.array([-r * (1 + beta), 1.0])
    covariance = np.zeros((2, 2))
    for _ in range(20_000):
        covariance = step @ covariance @ step.T + c * np.outer(push, push)
    answers = HeavyBall(curvature=h, noise=c, rate=r, momentum=beta, nesterov=True).exact()
    assert answers["parameter_variance"] == pytest.approx(covariance[0, 0], rel=1e-10)
    assert answers["buffer_square"] == pytest.approx(covariance[1, 1], rel=1e-10)
    assert answers["temperature_kinetic"] == pytest.approx(h * covariance[0, 0], rel=1e-10)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"momentum": 0.8},
        {"momentum": 0.8, "dampening": 0.4},
        {"momentum": 0.8, "nesterov": True},
    ],
)
def test_moves_as_pytorch_does(settings: dict[str, float]) -> None:
    """torch.optim.SGD on the gradients of a simulated run, its buffer set to the run's own, takes the same path."""
    motion = HeavyBall(curvature=(0.5, 2.0), noise=(1.0, 0.3), rate=0.1, **settings).simulate(6, seed=2)
    theta = torch.nn.Parameter(motion.theta[0].clone())
    optimizer = torch.optim.SGD([theta], lr=0.1, **settings)
    if motion.buffer is not None:
        optimizer.state[theta]["momentum_buffer"] = motion.buffer[0].clone()
    for step, gradient in enumerate(motion.gradient):
        theta.grad = gradient.clone()
        optimizer.step()
        assert torch.allclose(theta, motion.theta[step + 1], rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("settings", [{"momentum": 0.5}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}])
def test_the_noise_temperature_is_the_limit_of_small_steps(settings: dict[str, float]) -> None:
    """To first order in rh the others approach it."""
    gaps = []
    for rate in (0.02, 0.01, 0.005):
        answers = HeavyBall(curvature=1.0, noise=1.0, rate=rate, **settings).exact()
        gaps.append(abs(answers["temperature_kinetic"] / answers["temperature_noise"] - 1))
    assert gaps[0] / gaps[1] == pytest.approx(2, rel=0.1)
    assert gaps[1] / gaps[2] == pytest.approx(2, rel=0.05)


def test_entropy_production_without_and_with_momentum() -> None:
    assert HeavyBall(curvature=(1.0, 2.0), noise=(1.0, 0.1), rate=0.1).exact()["ep_rate"] == 0
    assert math.isinf(HeavyBall(curvature=1.0, noise=1.0, rate=0.1, momentum=0.5).exact()["ep_rate"])
    assert "ep_rate" not in HeavyBall(curvature=1.0, noise=0.0, rate=0.1).exact()


def test_directions_are_independent() -> None:
    both = HeavyBall(curvature=(1.0, 3.0), noise=(2.0, 0.5), rate=0.1, momentum=0.4).by_direction()
    for index, (h, c) in enumerate(((1.0, 2.0), (3.0, 0.5))):
        alone = HeavyBall(curvature=h, noise=c, rate=0.1, momentum=0.4).by_direction()
        assert {name: values[index] for name, values in both.items()} == {n: v[0] for n, v in alone.items()}


def test_one_free_direction_leaves_no_answer_of_positions() -> None:
    answers = HeavyBall(curvature=(1.0, 0.0), noise=1.0, rate=0.1).exact()
    assert math.isinf(answers["parameter_variance"])
    assert not {"temperature_configurational", "fdr_ratio", "ep_rate"} & answers.keys()
    assert answers["signal_variance"] > 0


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"curvature": -1.0}, "curvature is -1.0"),
        ({"noise": -0.1}, "noise is -0.1"),
        ({"rate": 0.0}, "rate is 0.0"),
        ({"rate": 2.0}, "diverges"),
        ({"rate": 2.9, "momentum": 0.4}, "diverges"),
        ({"momentum": 1.0}, "momentum is 1.0"),
        ({"momentum": 0.5, "dampening": 1.0}, "dampening is 1.0"),
        ({"nesterov": True}, "nesterov needs momentum"),
        ({"nesterov": True, "momentum": 0.5, "dampening": 0.1}, "nesterov needs momentum"),
        ({"noise": (1.0, 2.0)}, "2 directions where there are 1"),
    ],
)
def test_refusals(changed: dict[str, float], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        HeavyBall(**{"curvature": 1.0, "noise": 1.0, "rate": 0.1, **changed})


def test_the_edge_of_stability_is_that_of_theory() -> None:
    """rh < 2(1 + β)."""
    HeavyBall(curvature=1.0, noise=1.0, rate=2.79, momentum=0.4)
    with pytest.raises(SpecError, match="diverges"):
        HeavyBall(curvature=1.0, noise=1.0, rate=2.81, momentum=0.4)
