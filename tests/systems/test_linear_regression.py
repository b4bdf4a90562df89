"""Closed forms of the linear regression, and what it refuses."""

from __future__ import annotations

import math

import pytest
import torch

from szilard.errors import SpecError
from szilard.systems import LinearRegression


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.4])
@pytest.mark.parametrize("size", [1, 3, 10])
@pytest.mark.parametrize("a", [0.5, 1.5])
def test_variance_reproduces_itself(rate: float, size: int, a: float) -> None:
    """``⟨θ'²⟩ = ⟨(θ − r g)²⟩`` with the moments of g written out by Isserlis' theorem."""
    sigma = 1.3
    if rate >= 2 * size / (a * (size + 2)):
        pytest.skip("no stationary state")
    v = LinearRegression(rate=rate, batch_size=size, input_variance=a, label_noise=sigma).exact()["parameter_variance"]
    mean_square = a * a * v
    square = mean_square + (3 * a * a * v - mean_square + a * sigma**2) / size
    assert v - 2 * rate * a * v + rate**2 * square == pytest.approx(v, rel=1e-13)


def test_published_form() -> None:
    """``Var θ = rσ²/[2S − r a (S + 2)]`` at numbers that are none of them 1."""
    answers = LinearRegression(rate=0.2, batch_size=3, input_variance=0.7, label_noise=1.5).exact()
    assert answers["parameter_variance"] == pytest.approx(0.2 * 2.25 / (6 - 0.2 * 0.7 * 5), rel=1e-14)
    assert answers["temperature_kinetic"] == pytest.approx(answers["temperature_configurational"], rel=1e-14)


def test_gradient_is_that_of_the_loss() -> None:
    """By autograd, on the very batch that the generator draws."""
    system = LinearRegression(rate=0.1, batch_size=5, input_variance=2.0, label_noise=0.5)
    theta = torch.tensor([0.7], dtype=torch.float64, requires_grad=True)
    generator = torch.Generator().manual_seed(3)
    x = math.sqrt(2.0) * torch.randn(1, 5, generator=generator, dtype=torch.float64)
    y = 0.5 * torch.randn(1, 5, generator=generator, dtype=torch.float64)
    (0.5 * (y - theta * x) ** 2).mean().backward()
    again = system.gradient(theta.detach(), generator=torch.Generator().manual_seed(3))
    assert float(again) == pytest.approx(float(theta.grad), rel=1e-14)


def test_without_label_noise_nothing_moves() -> None:
    answers = LinearRegression(rate=0.1, batch_size=2, label_noise=0.0).exact()
    assert answers["parameter_variance"] == answers["noise_variance"] == 0
    assert "gradient_noise_scale" not in answers


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"rate": 0.0}, "rate is 0.0"),
        ({"rate": 2 / 3}, "Var θ is infinite"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"batch_size": 1.5}, "batch_size is 1.5"),
        ({"input_variance": -1.0}, "input_variance"),
        ({"label_noise": math.nan}, "label_noise"),
    ],
)
def test_refusals(changed: dict[str, float], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        LinearRegression(**{"rate": 0.1, "batch_size": 1, **changed})


def test_a_batch_of_one_has_no_halves() -> None:
    system = LinearRegression(rate=0.1, batch_size=1)
    with pytest.raises(SpecError, match="cannot be cut"):
        system.gradient(torch.zeros(1, dtype=torch.float64), generator=torch.Generator(), parts=2)
