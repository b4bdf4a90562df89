"""What lies beneath compilation and data-parallel wrappers is found, and evaluated without their machinery."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from szilard import Classifier
from szilard.models.evaluation import undisturbed, unwrap


def never(graph: torch.fx.GraphModule, example_inputs: list[Tensor]) -> object:
    raise AssertionError("the probe was compiled")


class Wrapper(nn.Module):
    """Like others' wrappers: it has a ``module``, but may do more with it than call it."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Tensor) -> Tensor:
        return 2 * self.module(x)


def test_wrappers_are_looked_through():
    model = nn.Linear(4, 3)
    assert unwrap(model) is model
    assert unwrap(torch.compile(model, backend=never)) is model
    assert unwrap(nn.DataParallel(model)) is model
    assert unwrap(torch.compile(nn.DataParallel(model), backend=never)) is model
    assert unwrap(nn.DataParallel(torch.compile(model, backend=never))) is model


def test_strangers_are_left_as_they_are():
    wrapper = Wrapper(nn.Linear(4, 3))
    assert unwrap(wrapper) is wrapper


def test_compiled_parts_run_eagerly_on_the_probe():
    model = nn.Sequential(torch.compile(nn.Linear(4, 6), backend=never), nn.ReLU(), nn.Linear(6, 3))
    model[2].compile(backend=never)
    ppm = Classifier(model, torch.zeros(5, 4))
    with undisturbed(ppm.module, ppm.device):
        assert ppm.logits(slice(0, 5)).shape == (5, 1, 3)
    torch._dynamo.reset()
