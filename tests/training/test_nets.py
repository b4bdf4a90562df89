"""The networks that specs name: how their weights start."""

from __future__ import annotations

import pytest
import torch

from szilard.errors import SpecError
from szilard.training.nets import mlp


@pytest.mark.parametrize(
    ("name", "variance"),
    [("torch", 1 / 3), ("lecun", 1.0), ("glorot", 2 * 784 / (784 + 400)), ("he", 2.0)],
)
def test_weights_start_with_the_variance_of_their_scheme(name: str, variance: float) -> None:
    """In units of one over the number of inputs; half a million weights tell to a hundredth."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = mlp([784, 400, 10], initialisation=name)
    first = next(layer for layer in model if isinstance(layer, torch.nn.Linear))
    assert first.weight.detach().var().item() * 784 == pytest.approx(variance, rel=0.01)
    assert bool(first.bias.abs().max() == 0) == (name != "torch")


def test_the_default_is_that_of_torch_to_the_bit() -> None:
    models = []
    for build in (lambda: mlp([4, 3, 2]), lambda: torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Linear(3, 2))):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(1)
            models.append(build())
    for ours, theirs in zip(*(model.parameters() for model in models), strict=True):
        assert torch.equal(ours, theirs)


def test_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(SpecError, match="did you mean 'glorot'"):
        mlp([4, 2], initialisation="glorott")
