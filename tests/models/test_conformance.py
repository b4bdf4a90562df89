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
from szilard.models import (
    RBM,
    Autoregressive,
    Bounded,
    Classifier,
    Energetic,
    EnergyBased,
    Enumerable,
    Flow,
    LatentVariable,
    Outcomes,
    RestrictedBoltzmann,
    Sequential,
    Tractable,
    log_normaliser,
    phi_of,
)
from szilard.models.evaluation import undisturbed
from szilard.monitor import Ledger, Occasion
from szilard.samplers import MALA

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


class Shifted(nn.Module):
    """A Gaussian as a distribution, and its energy."""

    def __init__(self) -> None:
        super().__init__()
        self.mean = nn.Parameter(torch.tensor([0.5, -1.0]))

    def forward(self, x: Tensor | None = None) -> Any:
        law = torch.distributions.Independent(torch.distributions.Normal(self.mean, 1.0), 1)
        return law if x is None else (x - self.mean).square().sum(-1) / 2


def embedding() -> nn.Module:
    torch.manual_seed(0)
    return nn.Embedding(3, 3)


def autoencoder() -> LatentVariable:
    torch.manual_seed(0)
    return LatentVariable(nn.Linear(6, 4), nn.Linear(2, 6), latent=2, draws=4)


def machine() -> RestrictedBoltzmann:
    torch.manual_seed(0)
    return RestrictedBoltzmann(RBM(visible=6, hidden=3, scale=0.3))


def start(count: int, generator: torch.Generator) -> Tensor:
    return torch.randn(count, 2, generator=generator)


SAMPLED: dict[str, tuple[type, Callable[[], Any]]] = {
    "autoregressive": (Sequential, lambda: Autoregressive(embedding(), length=5, prompt=torch.tensor([0]))),
    "autoregressive, ends": (Sequential, lambda: Autoregressive(embedding(), length=5, prompt=torch.tensor([0]), end=2, chunk=3)),
    "flow": (Tractable, lambda: Flow(Shifted())),
    "latent variables": (Bounded, autoencoder),
    "energy": (Energetic, lambda: EnergyBased(Shifted(), MALA(step_size=0.5), start)),
    "restricted Boltzmann machine": (Energetic, machine),
}  # fmt: skip
"""A new family comes here: its capability, and a small one of it."""
CAPABILITIES = (Enumerable, Sequential, Tractable, Bounded, Energetic)


def test_every_public_implementation_is_here():
    implementations = {
        cls
        for cls in vars(models).values()
        if isinstance(cls, type) and not getattr(cls, "_is_protocol", False) and not issubclass(cls, nn.Module)
    }
    made = [make(None) for make in PROBES.values()] + [make() for _, make in SAMPLED.values()]
    assert implementations == {type(ppm) for ppm in made}


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def looks(ppm: Any, x: Tensor) -> Tensor:
    """What the capability says of samples: logits, φ, the joint, or the energy."""
    if isinstance(ppm, Sequential):
        return ppm.token_logits(x)
    if isinstance(ppm, Tractable):
        return ppm.phi(x)
    if isinstance(ppm, Bounded):
        return ppm.log_joint(x, ppm.propose(x, ppm.draws, generator(1)))
    return ppm.energy(x)


def draws(ppm: Any, count: int, seed: int = 0) -> Tensor:
    if isinstance(ppm, Bounded):
        return ppm.sample_joint(count, generator(seed))[0]
    return ppm.start(count, generator(seed)) if isinstance(ppm, Energetic) else ppm.sample(count, generator(seed))


@pytest.mark.parametrize("name", SAMPLED)
def test_sampled_family(name):
    """One capability; samples by their generator alone; numbers of one shape, finite, the same again; no trace left."""
    capability, make = SAMPLED[name]
    ppm = make()
    assert [kind for kind in CAPABILITIES if isinstance(ppm, kind)] == [capability]
    assert isinstance(ppm.module, nn.Module) and ppm.device == torch.device("cpu")
    ppm.module.train()
    before = {key: value.clone() for key, value in ppm.module.state_dict().items()}
    state = torch.get_rng_state()
    with undisturbed(ppm.module, ppm.device):
        x = draws(ppm, 7)
        torch.rand(5)
        assert len(x) == 7 and torch.equal(x, draws(ppm, 7))
        assert not torch.equal(x, draws(ppm, 7, seed=1))
        value = looks(ppm, x)
        assert value.shape[0] == 7 and bool(torch.isfinite(value).all())
        assert isinstance(ppm, Sequential) or value.dtype is torch.float64
        assert torch.equal(value, looks(ppm, x)) and not value.requires_grad
        # one by one as together
        torch.testing.assert_close(looks(ppm, x[:3]) if not isinstance(ppm, Bounded) else value[:3], value[:3])
    assert torch.equal(torch.get_rng_state(), state)
    assert all(part.training for part in ppm.module.modules())
    assert all(torch.equal(value, before[key]) for key, value in ppm.module.state_dict().items())
    assert all(parameter.grad is None for parameter in ppm.module.parameters())


@pytest.mark.parametrize("name", [name for name, (kind, _) in SAMPLED.items() if kind is Sequential])
def test_sequences(name):
    ppm = SAMPLED[name][1]()
    x = ppm.sample(7, generator())
    assert x.shape == (7, ppm.length) and x.dtype is torch.int64
    assert ppm.token_logits(x).shape == (7, ppm.length, ppm.vocabulary)
    alive = ppm.alive(x)
    assert alive.dtype is torch.bool and bool(alive[:, 0].all())
    # once over, for ever
    assert bool((alive[:, 1:] <= alive[:, :-1]).all())


@pytest.mark.parametrize("name", [name for name, (kind, _) in SAMPLED.items() if kind is Bounded])
def test_draws(name):
    ppm = SAMPLED[name][1]()
    x, z = ppm.sample_joint(7, generator())
    proposals = ppm.propose(x, 3, generator(1))
    assert proposals.shape == (7, 3, *z.shape[1:])
    for log in (ppm.log_proposal(x, proposals), ppm.log_joint(x, proposals)):
        assert log.shape == (7, 3) and log.dtype is torch.float64
    own = torch.cat([z.unsqueeze(1), proposals], dim=1)
    torch.testing.assert_close(ppm.log_joint(x, own)[:, 1:], ppm.log_joint(x, proposals))


@pytest.mark.parametrize("name", [name for name, (kind, _) in SAMPLED.items() if kind is Energetic])
def test_relaxing_keeps_what_was_given(name):
    ppm = SAMPLED[name][1]()
    with undisturbed(ppm.module, ppm.device):
        x = ppm.start(7, generator())
        kept = x.clone()
        moved = ppm.relax(x, 3, generator(1))
        assert torch.equal(x, kept) and moved.x.shape == x.shape and not torch.equal(moved.x, x)
        assert torch.equal(moved.x, ppm.relax(x, 3, generator(1)).x)
        assert torch.equal(ppm.relax(x, 0, generator(1)).x, x)
    assert bool(((moved.acceptance >= 0) & (moved.acceptance <= 1)).all())
    assert moved.shadow_work.shape == (7,)


@pytest.mark.parametrize("name", SAMPLED)
def test_a_recorder_accepts_a_sampled_family(name):
    """And a model that does not move costs nothing."""
    ppm = SAMPLED[name][1]()
    recorder = Ledger(every=1, samples=32, sampler_steps=2).start(ppm, seed=0)
    for step in range(3):
        with undisturbed(ppm.module, ppm.device):
            recorder.observe(Occasion(step, min(step, 1), step == 0))
    tables = recorder.rows() + recorder.finish()
    rows = {step: row for table in tables if table.group == "ledger" for step, row in table.to_host()}
    assert sorted(rows) == [0, 1, 2]
    assert rows[2]["work"] == pytest.approx(0, abs=1e-12)
    known = {name for name, _ in recorder.groups[0].columns()} - {"loss", "loss_error", "learning_rate", "wall_time"}
    assert set(rows[2]) == known, "the rows hold what the schema says, and no more"


@pytest.mark.parametrize("name", PROBES)
def test_capability(name):
    ppm = PROBES[name](None)
    assert [kind for kind in CAPABILITIES if isinstance(ppm, kind)] == [Enumerable]
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
