"""Energies as models: what they are made of, and what cannot be used."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from szilard.errors import ModelError
from szilard.models import Energetic, EnergyBased
from szilard.samplers import MALA


class Net(nn.Module):
    def __init__(self, width: int = 1) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.net = nn.Linear(3, width)

    def forward(self, x: Tensor) -> Tensor:
        return x.square().sum(1, keepdim=True) / 2 + self.net(x)


def start(count: int, generator: torch.Generator) -> Tensor:
    return torch.randn(count, 3, generator=generator)


def test_it_is_energetic_and_nothing_else() -> None:
    ppm = EnergyBased(Net(), MALA(0.2), start)
    assert isinstance(ppm, Energetic)
    assert not hasattr(ppm, "log_normaliser")
    assert not ppm.starts_exactly
    energies = ppm.energy(start(5, torch.Generator()))
    assert energies.shape == (5,)
    assert energies.dtype == torch.float64


def test_known_normalisers_are_asked_of_the_model() -> None:
    def log_normaliser(net: Net) -> float:
        """That of a Gaussian displaced by the weights."""
        return 1.5 * math.log(2 * math.pi) + float(net.net.weight.square().sum()) / 2 - float(net.net.bias)

    ppm = EnergyBased(Net(), MALA(0.2), start, log_normaliser=log_normaliser)
    before = ppm.log_normaliser()
    with torch.no_grad():
        ppm.module.net.bias += 1
    assert math.isclose(ppm.log_normaliser(), before - 1, rel_tol=1e-6)


def test_chains_begin_with_rows_of_a_tensor() -> None:
    states = torch.arange(12.0).reshape(4, 3)
    ppm = EnergyBased(Net(), MALA(0.2), states)
    rows = {tuple(row) for row in states.tolist()}
    for count in (4, 100):  # each once where there are enough
        x = ppm.start(count, torch.Generator().manual_seed(0))
        assert x.shape == (count, 3)
        assert {tuple(row) for row in x.tolist()} == rows
    exact = EnergyBased(Net(), MALA(0.2), states, starts_exactly=True)
    assert exact.start(3, torch.Generator().manual_seed(0)).shape == (3, 3)
    with pytest.raises(ModelError, match="repeat"):
        exact.start(5, torch.Generator().manual_seed(0))


def test_relaxing_is_a_function_of_state_and_generator() -> None:
    ppm = EnergyBased(Net(), MALA(0.2), start)
    x = ppm.start(8, torch.Generator().manual_seed(0))
    kept = x.clone()
    first, second = (ppm.relax(x, 5, torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(first.x, second.x)
    assert torch.equal(x, kept)
    assert not torch.equal(first.x, x)
    assert not first.x.requires_grad
    assert all(parameter.grad is None for parameter in ppm.module.parameters())


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no module": ({"model": lambda x: x}, "nn.Module"),
    "no kernel": ({"kernel": 0.1}, "relax"),
    "wrong shape": ({"model": Net(2)}, "shape"),
    "wrong states": ({"start": lambda count, generator: torch.zeros(count, 7)}, "forward"),
    "wrong count": ({"start": lambda count, generator: torch.zeros(count + 1, 3)}, "start"),
    "start without arguments": ({"start": lambda: torch.zeros(2, 3)}, r"function \(count, generator\) -> x"),
    "start no function": ({"start": [0.0, 1.0]}, r"function \(count, generator\) -> x"),
    "no states": ({"start": torch.zeros(0, 3)}, "no states"),
    "not finite": ({"start": torch.full((2, 3), torch.nan)}, "not finite"),
    "no parameters": ({"model": nn.Identity()}, "no parameters"),
    "no tensor": ({"forward": lambda model, x: "much"}, "str"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_used_is_named(name: str) -> None:
    changes, what = BAD[name]
    given = {"model": Net(), "kernel": MALA(0.2), "start": start, **changes}
    with pytest.raises(ModelError, match=what):
        EnergyBased(given.pop("model"), given.pop("kernel"), given.pop("start"), **given)
