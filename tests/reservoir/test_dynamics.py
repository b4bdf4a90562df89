"""Effective temperatures of optimisers: against torch's own steps, and against stationary states by iteration."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import linalg

from szilard.errors import SpecError
from szilard.reservoir import Dynamics

SGD = {
    "plain": {"lr": 0.05},
    "momentum": {"lr": 0.05, "momentum": 0.8},
    "dampened": {"lr": 0.05, "momentum": 0.8, "dampening": 0.3},
    "Nesterov": {"lr": 0.05, "momentum": 0.8, "nesterov": True},
    "decay": {"lr": 0.05, "momentum": 0.5, "weight_decay": 0.4},
}


def _maps(dynamics: Dynamics, curvature: float) -> tuple[np.ndarray, np.ndarray]:
    """``(θ, v)' = M (θ, v) + b ξ`` for g = hθ + ξ, as torch's SGD writes it; h includes weight decay."""
    r, beta, tau = dynamics.rate, dynamics.momentum, dynamics.dampening
    h = curvature + dynamics.weight_decay
    velocity, kick = np.array([(1 - tau) * h, beta]), 1 - tau
    if not beta:
        velocity, kick = np.array([h, 0]), 1.0
    if dynamics.nesterov:
        step, pushed = np.array([h, 0]) + beta * velocity, 1 + beta * kick
    else:
        step, pushed = velocity, kick
    return np.array([np.array([1, 0]) - r * step, velocity]), np.array([-r * pushed, kick])


@pytest.mark.parametrize("name", SGD)
def test_the_map_is_torchs(name: str) -> None:
    dynamics = Dynamics.of("SGD", SGD[name])
    matrix, drive = _maps(dynamics, 1.5)
    theta = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([theta], **SGD[name])
    noise = np.random.default_rng(0).normal(size=40)
    # Torch fills its buffer with the first gradient undampened: a gradient of 0 in a first step makes it 0.
    state = np.zeros(2)
    for step, xi in enumerate([0.0, *noise]):
        theta.grad = 1.5 * theta.detach() + xi
        optimizer.step()
        state = matrix @ state + drive * xi
        assert theta.item() == pytest.approx(state[0], rel=1e-9, abs=1e-15), step


def _stationary(dynamics: Dynamics, h: float, c: float) -> tuple[float, float, float, float]:
    """θ·∇U, ⟨g²⟩, ⟨v²⟩ and Var θ at stationarity, by Lyapunov's equation."""
    matrix, drive = _maps(dynamics, h)
    covariance = linalg.solve_discrete_lyapunov(matrix, c * np.outer(drive, drive))
    whole = h + dynamics.weight_decay
    variance = covariance[0, 0]
    return whole * variance, whole**2 * variance + c, covariance[1, 1], variance


@pytest.mark.parametrize("name", SGD)
@pytest.mark.parametrize("h", [0.01, 1.0, 9.0])
def test_kinetic_is_configurational_at_any_rate(name: str, h: float) -> None:
    dynamics = Dynamics.of("SGD", SGD[name])
    configurational, g, v, _ = _stationary(dynamics, h, c=3.0)
    assert dynamics.kinetic(g, v) == pytest.approx(configurational, rel=1e-10)


@pytest.mark.parametrize("name", SGD)
def test_noise_temperature_at_small_curvature(name: str) -> None:
    """The relative distance of h Var θ from R c/2 falls as the curvature does."""
    dynamics = Dynamics.of("SGD", {**SGD[name], "weight_decay": 0.0})
    distances = []
    for h in (1e-2, 1e-3):
        configurational, *_ = _stationary(dynamics, h, c=3.0)
        distances.append(configurational / dynamics.noise_temperature(3.0) - 1)
    assert abs(distances[1]) < 3e-4
    assert distances[1] / distances[0] == pytest.approx(0.1, rel=0.05)


@pytest.mark.parametrize("beta, h", [(0.0, 2.0), (0.9, 0.5), (0.5, 12.0)])
def test_heavy_ball_in_closed_form(beta: float, h: float) -> None:
    r, c = 0.1, 2.0
    dynamics = Dynamics("sgd", r, momentum=beta)
    _, _, v, variance = _stationary(dynamics, h, c)
    assert variance == pytest.approx(r * c * (1 + beta) / (h * (1 - beta) * (2 * (1 + beta) - r * h)), rel=1e-10)
    assert dynamics.noise_temperature(c) == pytest.approx(r * c / (2 * (1 - beta)))
    if beta:
        assert dynamics.kinetic(buffer_square=v) == pytest.approx(h * variance, rel=1e-10)


@pytest.mark.parametrize("beta", [0.0, 0.9])
def test_adam_with_a_preconditioner_that_stands_still(beta: float) -> None:
    """θ' = θ − r P m', m' = βm + (1 − β)g: the temperature is that of R = r P, at small curvature."""
    r, p, c = 1e-3, 5.0, 2.0
    dynamics = Dynamics("adam", r, betas=(beta, 0.999))
    for h, close in ((0.01, 1e-3), (1.0, 0.1)):
        m_row = np.array([(1 - beta) * h, beta])
        matrix = np.array([np.array([1, 0]) - r * p * m_row, m_row])
        drive = np.array([-r * p * (1 - beta), 1 - beta])
        covariance = linalg.solve_discrete_lyapunov(matrix, c * np.outer(drive, drive))
        configurational = h * covariance[0, 0]
        square = h**2 * covariance[0, 0] + c
        kinetic = dynamics.kinetic(p * square, p * covariance[1, 1])
        assert kinetic == pytest.approx(configurational, rel=1e-8)
        assert dynamics.noise_temperature(p * c) == pytest.approx(configurational, rel=close)
    # Where noise dominates, v̂ is c: P = 1/√c, and T = r √c/2.
    assert dynamics.noise_temperature(c / np.sqrt(c)) == pytest.approx(r * np.sqrt(c) / 2)


def test_torchs_own_groups_are_read() -> None:
    weights = [torch.nn.Parameter(torch.zeros(2))]
    adam = torch.optim.AdamW(weights, lr=0.01, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.1)
    found = Dynamics.of(type(adam).__name__, adam.param_groups[0])
    assert found == Dynamics("adamw", 0.01, weight_decay=0.1, betas=(0.8, 0.99), eps=1e-6)
    sgd = torch.optim.SGD(weights, lr=torch.tensor(0.5), momentum=0.9, weight_decay=0.1)
    assert Dynamics.of("SGD", sgd.param_groups[0]) == Dynamics("sgd", 0.5, momentum=0.9, weight_decay=0.1)
    coupled = torch.optim.Adam(weights, lr=0.01, decoupled_weight_decay=True)
    assert Dynamics.of("Adam", coupled.param_groups[0]).kind == "adamw"


def test_dampening_without_momentum_is_ignored_as_torch_does() -> None:
    assert Dynamics.of("SGD", {"lr": 0.1, "dampening": 0.5}).response == 0.1


@pytest.mark.parametrize(
    "optimizer, group, reason",
    [
        ("Adagrad", {"lr": 0.1}, "never forgets"),
        ("LBFGS", {"lr": 0.1}, "closure"),
        ("RMSprop", {"lr": 0.1}, "no temperature has been derived"),
        ("Muon", {"lr": 0.1}, "orthogonalises"),
        ("MyOptimizer", {"lr": 0.1}, "none of torch's own"),
        ("SGD", {"lr": 0.1, "maximize": True}, "climbs"),
        ("Adam", {"lr": 0.1, "betas": (0.9, 0.99), "eps": 1e-8, "amsgrad": True}, "amsgrad"),
        ("SGD", {"lr": 0.1, "momentum": 1.0}, "no stationary state"),
    ],
)
def test_refusals_say_why(optimizer: str, group: dict, reason: str) -> None:
    with pytest.raises(SpecError, match=reason):
        Dynamics.of(optimizer, group)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(SpecError, match="needs buffer_square"):
        Dynamics("sgd", 0.1, momentum=0.9).kinetic(gradient_square=1.0)
    with pytest.raises(SpecError, match="needs gradient_square"):
        Dynamics("sgd", 0.1).kinetic()
    with pytest.raises(SpecError, match="no dynamics of kind"):
        Dynamics("lion", 0.1)
    with pytest.raises(SpecError, match="Nesterov"):
        Dynamics("sgd", 0.1, nesterov=True)
