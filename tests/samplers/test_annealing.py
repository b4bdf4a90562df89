"""Annealed importance sampling against normalisations that are known."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from szilard.errors import SpecError
from szilard.samplers import MALA, ULA, Annealed, Kernel, anneal, geometric_bridge


def wide(x: Tensor) -> Tensor:
    return x.square().sum(1) / 2


def displaced(x: Tensor) -> Tensor:
    return 2 * (x - 1).square().sum(1) + 3


@pytest.mark.parametrize("kernel", [MALA(0.2), ULA(0.2)])
def test_a_gaussian_is_annealed_into_another(kernel: Kernel) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(4000, 3, generator=generator, dtype=torch.float64)
    annealed = anneal(geometric_bridge(wide, displaced, kernel, 40), x, generator)
    truth = 3 * math.log(1 / 2) - 3
    assert abs(annealed.log_ratio - truth) < 3 * annealed.error
    assert annealed.error < 0.05
    weights = torch.softmax(annealed.log_weights, 0)
    assert abs(float(weights @ annealed.x[:, 0]) - 1) < 0.05


def test_the_error_is_that_of_repeats() -> None:
    generator = torch.Generator().manual_seed(1)
    bridge = geometric_bridge(wide, displaced, MALA(0.2), 10)
    repeats = [
        anneal(bridge, torch.randn(300, 1, generator=generator, dtype=torch.float64), generator) for _ in range(60)
    ]
    seen = float(torch.tensor([each.log_ratio for each in repeats]).std())
    told = sum(each.error for each in repeats) / 60
    assert 0.7 < seen / told < 1.4  # a spread from 60 repeats is known to 9 %


def test_one_step_is_importance_sampling() -> None:
    x = torch.randn(50, 2, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    annealed = anneal([(wide, MALA(0.1)), (displaced, MALA(0.1))], x, torch.Generator(), sampler_steps=0)
    assert torch.allclose(annealed.log_weights, wide(x) - displaced(x))
    assert torch.equal(annealed.x, x)


def test_the_error_by_hand() -> None:
    annealed = Annealed(torch.zeros(2, 1), torch.tensor([1.0, 3.0]).log())
    assert math.isclose(annealed.log_ratio, math.log(2), rel_tol=1e-6)
    assert math.isclose(annealed.error, math.sqrt(2) / 2 / math.sqrt(2), rel_tol=1e-6)  # std/mean/√count


def test_bridges_need_two_ends() -> None:
    with pytest.raises(SpecError, match="stages"):
        geometric_bridge(wide, displaced, MALA(0.1), 1)
    with pytest.raises(SpecError, match="two samples"):
        anneal(geometric_bridge(wide, displaced, MALA(0.1), 2), torch.zeros(1, 1), torch.Generator())
