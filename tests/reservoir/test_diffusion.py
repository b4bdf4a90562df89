"""Drift and diffusion work: displacement variances simulated and in closed form, forms on a known Fisher matrix."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from szilard.errors import SpecError
from szilard.reservoir import Dynamics, diffusion_work, displacement_variance, drift_work

KINDS = {
    "plain": Dynamics("sgd", 0.3),
    "momentum": Dynamics("sgd", 0.3, momentum=0.7),
    "dampened": Dynamics("sgd", 0.3, momentum=0.7, dampening=0.5),
    "Nesterov": Dynamics("sgd", 0.3, momentum=0.7, nesterov=True),
}

SETTLED = 35
"""Steps after which 0.7 to their power is below 1e-5, and its square below 1e-10."""


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("interval", [1, 2, 9])
def test_responses_of_torchs_own_steps(name: str, interval: int) -> None:
    """Displacements are linear in the gradients: one unit at a time, as torch moves it."""
    dynamics = KINDS[name]
    total = 0.0
    for source in range(SETTLED + interval):
        theta = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.SGD(
            [theta], lr=0.3, momentum=dynamics.momentum, dampening=dynamics.dampening, nesterov=dynamics.nesterov
        )
        before = 0.0
        # A first gradient of 0, because torch does not dampen the first.
        for step in range(-1, SETTLED + interval):
            if step == SETTLED:
                before = theta.item()
            theta.grad = torch.tensor([float(step == source)], dtype=torch.float64)
            optimizer.step()
        total += (theta.item() - before) ** 2
    assert displacement_variance(dynamics, interval) == pytest.approx(total, rel=1e-9)


@pytest.mark.parametrize("interval", [1, 5, 40])
def test_closed_form_of_momentum(interval: int) -> None:
    beta, k = 0.7, interval
    rest = 1 - beta
    wanted = 0.09 / (1 - beta**2) * (k * (1 + beta) / rest - 2 * beta * (1 - beta**k) / rest**2)
    assert displacement_variance(KINDS["momentum"], interval) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("name", KINDS)
def test_long_intervals_see_the_response(name: str) -> None:
    dynamics = KINDS[name]
    assert displacement_variance(dynamics, 5000) / 5000 == pytest.approx(dynamics.response**2, rel=3e-3)


def test_adam_is_dampened_momentum() -> None:
    adam = Dynamics("adam", 0.3, betas=(0.7, 0.99))
    dampened = Dynamics("sgd", 0.3, momentum=0.7, dampening=0.7)
    assert displacement_variance(adam, 4) == pytest.approx(displacement_variance(dampened, 4), rel=1e-12)


def test_work_on_a_gaussian_whose_divergence_is_known() -> None:
    """N(θ, F⁻¹): KL of a displacement is ½ δ·Fδ, exactly; W of SGD on noise and force, simulated."""
    generator = np.random.default_rng(0)
    fisher, c, force, rate = np.diag([1.0, 4.0, 0.5]), np.array([2.0, 1.0, 3.0]), np.array([0.3, -0.2, 0.1]), 0.1
    first, second = force + np.sqrt(2 * c) * generator.normal(size=(2, 40_000, 3))
    noise = (first - second) / 2
    sgd = Dynamics("sgd", rate)
    diffusion = diffusion_work(sgd, np.einsum("ni,ij,nj->n", noise, fisher, noise))
    drift = drift_work(sgd, np.einsum("ni,ij,nj->n", first, fisher, second))
    assert abs(diffusion.z(0.5 * rate**2 * np.trace(fisher @ np.diag(c)))) < 3
    assert abs(drift.z(0.5 * rate**2 * force @ fisher @ force)) < 3
    steps = -rate * (force + np.sqrt(c) * generator.normal(size=(40_000, 3)))
    work = 0.5 * np.einsum("ni,ij,nj->n", steps, fisher, steps)
    together = diffusion.value + drift.value
    assert abs(work.mean() - together) < 3 * np.hypot(work.std() / 200, np.hypot(diffusion.error, drift.error))


def test_intervals_multiply_drift_and_not_diffusion() -> None:
    forms = np.array([1.0, 3.0])
    sgd = KINDS["plain"]
    assert diffusion_work(sgd, forms, 10).value == pytest.approx(diffusion_work(sgd, forms).value)
    assert drift_work(sgd, forms, 10).value == pytest.approx(10 * drift_work(sgd, forms).value)
    with pytest.raises(SpecError, match="at least one step"):
        diffusion_work(sgd, forms, 0)
