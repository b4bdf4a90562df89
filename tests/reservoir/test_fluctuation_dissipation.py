"""The telescoped relation is exact on every trajectory, whatever the loss, and 1 at stationarity."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from szilard.errors import SpecError
from szilard.estimate import Estimate, Kind
from szilard.reservoir import Dynamics, Place, displacement_ratio, fdr_ratio

SETTINGS = {
    "plain": {"lr": 0.05},
    "momentum": {"lr": 0.05, "momentum": 0.7},
    "dampened": {"lr": 0.05, "momentum": 0.7, "dampening": 0.4},
    "Nesterov": {"lr": 0.05, "momentum": 0.7, "nesterov": True},
    "decay": {"lr": 0.05, "momentum": 0.7, "weight_decay": 0.3},
}


def _place(theta: torch.Tensor, buffer: torch.Tensor, centre: torch.Tensor) -> Place:
    x = theta.detach() - centre
    return Place(float(x @ x), float(x @ buffer), float(buffer @ buffer))


@pytest.mark.parametrize("steps", [1, 7])
@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("centred", [False, True])
def test_exact_on_a_trajectory_of_torch(name: str, steps: int, centred: bool) -> None:
    """A quartic loss with noise, from its fourth step on; ⟨θ·g⟩ is summed as it happens."""
    generator = torch.Generator().manual_seed(0)
    theta = torch.randn(5, dtype=torch.float64, generator=generator, requires_grad=True)
    optimizer = torch.optim.SGD([theta], **SETTINGS[name])
    centre = torch.full((5,), 0.3 if centred else 0.0, dtype=torch.float64)

    def buffer() -> torch.Tensor:
        kept = optimizer.state[theta].get("momentum_buffer")
        return torch.zeros(5, dtype=torch.float64) if kept is None else kept.clone()

    def step() -> tuple[float, float, float]:
        noise = torch.randn(5, dtype=torch.float64, generator=generator)
        theta.grad = theta.detach() ** 3 + noise
        g = theta.grad + SETTINGS[name].get("weight_decay", 0.0) * theta.detach()
        along = float((theta.detach() - centre) @ g)
        optimizer.step()
        return along, float(g @ g), float(buffer() @ buffer())

    for _ in range(4):
        step()
    start = _place(theta, buffer(), centre)
    along, gradients, buffers = np.mean([step() for _ in range(steps)], axis=0)
    dynamics = Dynamics.of("SGD", SETTINGS[name])
    found = fdr_ratio(
        dynamics, start, _place(theta, buffer(), centre), steps, gradient_square=gradients, buffer_square=buffers
    )
    assert found.value == pytest.approx(along / dynamics.kinetic(gradients, buffers), rel=1e-9)
    assert (found.error, found.kind) == (0.0, Kind.EXACT)


@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_one_at_stationarity(momentum: float) -> None:
    """Heavy ball in a quadratic, 40 independent runs: their mean is 1 within its error."""
    rate, h = 0.1, 1.0
    generator = np.random.default_rng(1)
    theta, v = np.zeros((2, 40))
    squares = np.zeros((2, 40))
    for step in range(6000):
        if step == 1000:
            start, squares = (theta**2, theta * v), np.zeros((2, 40))
        g = h * theta + generator.normal(size=40)
        v = momentum * v + g
        theta = theta - rate * v
        squares += g**2, v**2
    dynamics = Dynamics("sgd", rate, momentum=momentum)
    found = [
        fdr_ratio(
            dynamics,
            Place(start[0][i], start[1][i]),
            Place(theta[i] ** 2, theta[i] * v[i]),
            5000,
            gradient_square=squares[0][i] / 5000,
            buffer_square=squares[1][i] / 5000,
        ).value
        for i in range(40)
    ]
    error = np.std(found, ddof=1) / np.sqrt(40)
    assert abs(np.mean(found) - 1) < 3 * error
    assert error < 0.01


def test_far_from_stationarity_it_is_far_from_one() -> None:
    sgd = Dynamics("sgd", 0.01)
    start, end = Place(100.0), Place(100.0 * 0.99 ** (2 * 50))
    gradient = np.mean([100.0 * 0.99 ** (2 * s) for s in range(50)])
    found = fdr_ratio(sgd, start, end, 50, gradient_square=gradient)
    assert found.value == pytest.approx(1 / (0.5 * 0.01), rel=1e-9)  # θ·g = ‖g‖²


def test_errors_of_sampled_squares_are_carried() -> None:
    """Against the ratio at squares moved by a small part of their error."""
    dynamics = Dynamics("sgd", 0.1, momentum=0.5, nesterov=True)
    start, end = Place(2.0, 0.3, 1.0), Place(1.5, -0.2, 0.7)

    def ratio(g: float, v: float) -> float:
        return float(fdr_ratio(dynamics, start, end, 9, gradient_square=g, buffer_square=v).value)

    g, v = Estimate(4.0, 0.2, Kind.UNBIASED, 8), Estimate(3.0, 0.1, Kind.UNBIASED, 5)
    found = fdr_ratio(dynamics, start, end, 9, gradient_square=g, buffer_square=v)
    slopes = [(ratio(4 + 1e-5, 3) - ratio(4 - 1e-5, 3)) / 2e-5, (ratio(4, 3 + 1e-5) - ratio(4, 3 - 1e-5)) / 2e-5]
    assert found.value == pytest.approx(ratio(4, 3), rel=1e-12)
    assert found.error == pytest.approx(np.hypot(slopes[0] * 0.2, slopes[1] * 0.1), rel=1e-6)
    assert (found.kind, found.degrees_of_freedom) == (Kind.ASYMPTOTIC, 5)


def test_displacements_under_any_optimizer() -> None:
    generator = np.random.default_rng(0)
    path = generator.normal(size=(30, 4)).cumsum(0)
    moves = np.diff(path, axis=0)
    wanted = -2 * (path[:-1] * moves).sum() / np.square(moves).sum()
    found = displacement_ratio(np.square(path[0]).sum(), np.square(path[-1]).sum(), np.square(moves).sum())
    assert found.value == pytest.approx(wanted, rel=1e-12)


def test_refusals() -> None:
    with pytest.raises(SpecError, match="ratio of displacements"):
        fdr_ratio(Dynamics("adam", 0.1), Place(1.0), Place(1.0), 1, gradient_square=1.0)
    with pytest.raises(SpecError, match="needs a step"):
        fdr_ratio(Dynamics("sgd", 0.1), Place(1.0), Place(1.0), 0, gradient_square=1.0)
    with pytest.raises(SpecError, match="needs buffer_square"):
        fdr_ratio(Dynamics("sgd", 0.1, momentum=0.5), Place(1.0), Place(1.0), 1, gradient_square=1.0)
