"""A network beside its linearisation: exact where it is linear or quadratic, second order elsewhere."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from szilard.models.landscape import Landscape
from szilard.models.linearisation import gradient_squares, linearised_losses, linearised_outputs
from szilard.reservoir.laziness import gradient_change, linearisation_error
from szilard.training.nets import mlp

GENERATOR = torch.Generator().manual_seed(5)
INPUTS = torch.randn(8, 5, generator=GENERATOR, dtype=torch.float64)
TARGETS = torch.randn(8, 3, generator=GENERATOR, dtype=torch.float64)
LABELS = torch.arange(8) % 3


def deep() -> Landscape:
    torch.manual_seed(0)
    return Landscape(mlp([5, 6, 3], activation="tanh"), F.cross_entropy)


def moved(one: Landscape, by: float) -> torch.Tensor:
    direction = torch.randn(len(one.start), dtype=torch.float64, generator=torch.Generator().manual_seed(6))
    return one.start + by * direction


def test_a_linear_model_is_lazy_and_still_curves_in_its_loss() -> None:
    line = Landscape(nn.Linear(5, 3), F.cross_entropy)
    theta = moved(line, 0.5)
    assert linearisation_error(*linearised_outputs(line, line.start, theta, INPUTS)) < 1e-14
    assert linearisation_error(*linearised_losses(line, line.start, theta, (INPUTS, LABELS))) > 0.05


def test_of_a_square_loss_the_error_is_the_quadratic_term() -> None:
    """φ = ½(y − θx)²: what Eq. 35 leaves out is ½(δ·x)², exactly."""
    line = Landscape(nn.Linear(5, 1, bias=False), lambda output, target: 0.5 * (output - target).square().mean())
    theta, batch = moved(line, 0.3), (INPUTS, TARGETS[:, :1])
    actual, linear = linearised_losses(line, line.start, theta, batch)
    assert torch.allclose(actual - linear, 0.5 * (INPUTS @ (theta - line.start)).square(), rtol=0, atol=1e-14)


@pytest.mark.parametrize("which", ["outputs", "losses"])
def test_the_error_is_of_second_order(which: str) -> None:
    one = deep()
    errors = []
    for by in (1e-2, 1e-3, 1e-4):
        theta = moved(one, by)
        change = (
            linearised_outputs(one, one.start, theta, INPUTS)
            if which == "outputs"
            else linearised_losses(one, one.start, theta, (INPUTS, LABELS))
        )
        errors.append((change.actual - change.linear).norm().item())
    assert errors[0] / errors[1] == pytest.approx(100, rel=0.05)
    assert errors[1] / errors[2] == pytest.approx(100, rel=0.005)


def test_gradient_squares_of_a_quadratic() -> None:
    """∇φ changes by H δ, H = XᵀX/n of each batch, group by group."""
    line = Landscape(nn.Linear(5, 1, bias=False), lambda output, target: 0.5 * (output - target).square().mean())
    theta, delta = moved(line, 0.7), moved(line, 0.7) - line.start
    batches = [(INPUTS[:4], TARGETS[:4, :1]), (INPUTS[4:], TARGETS[4:, :1])]
    groups = {"first": (slice(0, 2),), "rest": (slice(2, 5),)}
    changes, references = gradient_squares(line, line.start, theta, batches, groups)
    for row, (inputs, target) in enumerate(batches):
        change = inputs.T @ (inputs @ delta) / 4
        reference = inputs.T @ (inputs @ line.start - target[:, 0]) / 4
        expected = [change[:2].square().sum(), change[2:].square().sum()]
        assert torch.allclose(changes[row], torch.stack(expected), rtol=0, atol=1e-13)
        assert references[row].sum().item() == pytest.approx(reference.square().sum().item(), rel=1e-12)
    whole = gradient_change(changes.sum(1), references.sum(1))
    assert whole == pytest.approx((changes.sum() / references.sum()).sqrt().item(), rel=1e-12)
