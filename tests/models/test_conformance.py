"""Every public implementation of the protocol keeps its promises, whatever the model gives and the probe looks like."""

# ruff: noqa: E501 - a table is read by its columns

from __future__ import annotations

import itertools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from szilard import models
from szilard.models import Bounded, Classifier, Energetic, Enumerable, Outcomes, Tractable, log_normaliser, phi_of
from szilard.models.evaluation import undisturbed
from szilard.monitor import Ledger, Occasion

INPUTS = torch.linspace(-1, 1, 44).reshape(11, 4)
STATES = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=4)))


class Takes(nn.Module):
    """A net behind any signature and output."""

    def __init__(self, call: Callable[..., Any], width: int = 3) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.net = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Tanh(), nn.Dropout(0.5), nn.Linear(6, width))
        self.call = call

    def forward(self, *arguments: Any, **named: Any) -> Any:
        return self.call(self.net, *arguments, **named)


class Weights(nn.Module):
    """A table of its own."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.weights = nn.Parameter(torch.randn(shape))

    def forward(self) -> Tensor:
        return self.weights


def heads(net: nn.Module, x: Tensor) -> Tensor:
    return net(x).unflatten(-1, (2, 3))


def grid(net: nn.Module, x: Tensor) -> Tensor:
    """Labels on a 2 × 2 grid, classes second, as for segmentation."""
    return net(x).unflatten(-1, (3, 2, 2))


PROBES: dict[str, Callable[..., Enumerable]] = {
    "tensor": lambda chunk: Classifier(Takes(lambda net, x: net(x)), INPUTS, chunk=chunk),
    "tuple": lambda chunk: Classifier(Takes(lambda net, x, y: net(x + y)), (INPUTS, INPUTS**2), chunk=chunk),
    "list": lambda chunk: Classifier(Takes(lambda net, x, y: net(x + y)), [INPUTS, INPUTS**2], chunk=chunk),
    "dict": lambda chunk: Classifier(Takes(lambda net, *, a, b: net(a * b)), {"a": INPUTS, "b": INPUTS}, chunk=chunk),
    "nested": lambda chunk: Classifier(Takes(lambda net, x, rest: net(x + rest["y"])), (INPUTS, {"y": INPUTS}), chunk=chunk),
    "object with logits": lambda chunk: Classifier(Takes(lambda net, x: SimpleNamespace(logits=net(x), loss=None)), INPUTS, chunk=chunk),
    "forward": lambda chunk: Classifier(Takes(lambda net, x: {"scores": [net(x)]}), INPUTS, forward=lambda model, x: model(x)["scores"][0], chunk=chunk),
    "heads": lambda chunk: Classifier(Takes(heads, 6), INPUTS, chunk=chunk),
    "heads on a grid": lambda chunk: Classifier(Takes(grid, 12), INPUTS, forward=lambda model, x: model(x).movedim(1, -1), chunk=chunk),
    "labelled": lambda chunk: Classifier(Takes(heads, 6), INPUTS, labels=torch.ones(11, 2, dtype=torch.int32), chunk=chunk),
    "float64": lambda chunk: Classifier(Takes(lambda net, x: net.double()(x)), INPUTS.double(), chunk=chunk),
    "outcomes": lambda chunk: Outcomes(Weights(5)),
    "outcomes on a grid": lambda chunk: Outcomes(Weights(2, 4)),
    "outcomes of a table": lambda chunk: Outcomes(Takes(lambda net, x: net(x), 1), STATES, chunk=chunk),
    "outcomes, forward": lambda chunk: Outcomes(Takes(lambda net, x: net(x)), STATES, forward=lambda model, x: -model(x).square().sum(-1), chunk=chunk),
}  # fmt: skip
SHAPES = {
    "heads": (11, 2, 3), "heads on a grid": (11, 4, 3), "labelled": (11, 2, 3), "outcomes": (1, 1, 5),
    "outcomes on a grid": (1, 1, 8), "outcomes of a table": (1, 1, 16), "outcomes, forward": (1, 1, 16),
}  # fmt: skip


def all_logits(ppm: Enumerable) -> Tensor:
    with undisturbed(ppm.module, ppm.device):
        return torch.cat([ppm.logits(chunk) for chunk in ppm.chunks()])


def test_every_public_implementation_is_here():
    implementations = {
        cls for cls in vars(models).values() if isinstance(cls, type) and not getattr(cls, "_is_protocol", False)
    }
    assert implementations == {type(make(None)) for make in PROBES.values()}


@pytest.mark.parametrize("name", PROBES)
def test_capability(name):
    ppm = PROBES[name](None)
    assert isinstance(ppm, Enumerable)
    assert not isinstance(ppm, Tractable | Energetic | Bounded)
    assert (ppm.inputs, ppm.heads, ppm.outcomes) == SHAPES.get(name, (11, 1, 3))
    assert ppm.device == torch.device("cpu")
    assert isinstance(ppm.module, nn.Module)
    if name == "labelled":
        assert ppm.labels is not None and ppm.labels.dtype is torch.int64 and ppm.labels.shape == (11, 2)
    else:
        assert ppm.labels is None


@pytest.mark.parametrize("chunk", [None, 1, 4, 11, 100])
@pytest.mark.parametrize("name", PROBES)
def test_chunks_cover_the_probe_in_order_and_do_not_matter(name, chunk):
    ppm = PROBES[name](chunk)
    assert [row for part in ppm.chunks() for row in range(part.start, part.stop)] == list(range(ppm.inputs))
    logits = all_logits(ppm)
    assert logits.shape == (ppm.inputs, ppm.heads, ppm.outcomes)
    torch.testing.assert_close(logits, all_logits(PROBES[name](None)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", PROBES)
def test_phi_is_normalised_in_float64(name):
    phi = phi_of(all_logits(PROBES[name](None)))
    assert phi.dtype is torch.float64
    torch.testing.assert_close(
        torch.exp(-phi).sum(-1), torch.ones(phi.shape[:-1], dtype=torch.float64), rtol=1e-14, atol=0
    )


@pytest.mark.parametrize("name", PROBES)
def test_evaluation_is_repeatable_and_leaves_the_model_in_training(name):
    ppm = PROBES[name](None)
    before = {key: value.clone() for key, value in ppm.module.state_dict().items()}
    assert torch.equal(all_logits(ppm), all_logits(ppm))
    assert all(part.training for part in ppm.module.modules())
    assert all(torch.equal(value, before[key]) for key, value in ppm.module.state_dict().items())


@pytest.mark.parametrize("name", PROBES)
def test_a_recorder_accepts_it(name):
    """And a model that does not move costs nothing."""
    ppm = PROBES[name](None)
    recorder = Ledger(every=1).start(ppm, seed=0)
    for step in range(2):
        with undisturbed(ppm.module, ppm.device):
            recorder.observe(Occasion(step, min(step, 1), step == 0))
    rows = dict(recorder.rows()[0].to_host())
    assert rows[1]["work"] == rows[1]["heat"] == rows[1]["length"] == 0
    assert rows[1]["energy"] > 0


def test_heads_are_flattened_in_order():
    ppm = PROBES["heads on a grid"](None)
    with undisturbed(ppm.module, ppm.device):
        expected = ppm.module(INPUTS).permute(0, 2, 3, 1).reshape(11, 4, 3)
    assert torch.equal(all_logits(ppm), expected)


def test_normaliser_known_or_not():
    logits = torch.tensor([[0.0, 1.0, 700.0], [-1e4, 1e4, 0.0]])
    assert torch.equal(phi_of(logits), phi_of(logits, log_normaliser(logits)))
    assert phi_of(logits)[0].tolist() == [700, 699, 0]


def test_large_probes_are_chunked_by_themselves():
    """At most 1,024 inputs, and at most 2¹⁹ logits, in a forward pass."""
    sizes = []

    def spy(net: nn.Module, x: Tensor) -> Tensor:
        sizes.append(len(x))
        return net(x)

    all_logits(Classifier(Takes(spy), torch.zeros(3000, 4)))
    assert sizes == [2, 1024, 1024, 952]
    sizes.clear()
    all_logits(Classifier(Takes(spy, 5000), torch.zeros(300, 4)))
    assert sizes == [2, 104, 104, 92]
