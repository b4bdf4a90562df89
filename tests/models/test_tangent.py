"""The change of the logits along an update of θ: against finite differences in float64, however small the update."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from szilard import Classifier, Outcomes
from szilard.models import tangent
from szilard.models.evaluation import undisturbed
from szilard.models.ppm import Enumerable
from szilard.models.tangent import logit_tangent, snapshot, update_since

INPUTS = torch.linspace(-1, 1, 60).reshape(12, 5)


class Tied(nn.Module):
    """One matrix used twice, as in language models that share embedding and output."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(5, 5, bias=False), nn.Linear(5, 5, bias=False)
        self.last.weight = self.first.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.last(torch.tanh(self.first(x)))


class Custom(torch.autograd.Function):
    """An operation without a forward-mode derivative."""

    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        return torch.sin(x)


class Opaque(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(5, 4)

    def forward(self, x: Tensor) -> Tensor:
        return Custom.apply(self.linear(x))


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mix, self.last = nn.MultiheadAttention(5, 1, batch_first=True), nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = x.unsqueeze(1).expand(-1, 3, -1) * torch.tensor([1.0, 2.0, -1.0], dtype=x.dtype)[:, None]
        return self.last(self.mix(x, x, x)[0][:, 0])


def normalised() -> nn.Module:
    model = nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 4))
    generator = torch.Generator().manual_seed(3)
    model[1].running_mean.copy_(torch.randn(8, generator=generator))
    model[1].running_var.copy_(torch.rand(8, generator=generator) + 0.01)
    return model


MODELS: dict[str, Callable[[], nn.Module]] = {
    "smooth": lambda: nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 4)),
    "convolution": lambda: nn.Sequential(nn.Unflatten(1, (1, 5)), nn.Conv1d(1, 3, 2), nn.GELU(), nn.Flatten()),
    "layer norm": lambda: nn.Sequential(nn.Linear(5, 8), nn.LayerNorm(8), nn.Tanh(), nn.Linear(8, 4)),
    "weight norm": lambda: nn.Sequential(parametrizations.weight_norm(nn.Linear(5, 8)), nn.Tanh(), nn.Linear(8, 4)),
    "tied weights": Tied,
    "compiled part": lambda: nn.Sequential(torch.compile(nn.Linear(5, 8), backend="eager"), nn.Tanh(), nn.Linear(8, 4)),
    "attention": Attention,
    "batch norm": normalised,
    "custom operation": Opaque,
}  # fmt: skip
BY_SECANT = {"weight norm", "batch norm", "custom operation"}


def moved(model: nn.Module, size: float) -> nn.Module:
    """Every parameter and buffer a step along a random direction, relative to its own size; integers stay."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for tensor in [*model.parameters(), *model.buffers()]:
            if tensor.is_floating_point():
                noise = torch.randn(tensor.shape, generator=generator, dtype=torch.float64).to(tensor.dtype)
                tensor += size * noise * tensor.abs().mean().clamp(min=1e-3)
    return model


def tangent_of(ppm: Enumerable, direction: dict[str, Tensor]) -> Tensor:
    with undisturbed(ppm.module, ppm.device):
        return torch.cat([logit_tangent(ppm, chunk, direction) for chunk in ppm.chunks()])


def finite_difference(model: nn.Module, direction: dict[str, Tensor]) -> Tensor:
    """Central, in float64, along a direction scaled to a millionth of θ."""
    double = copy.deepcopy(model).double().eval()
    named = {**dict(double.named_parameters()), **dict(double.named_buffers())}
    named = {name: tensor.detach() for name, tensor in named.items()}
    scale = 1e-6 / max(
        float(change.double().norm() / named[name].norm().clamp(min=1e-3)) for name, change in direction.items()
    )
    ends = []
    for sign in (1, -1):
        state = {name: named[name] + sign * scale * change.double() for name, change in direction.items()}
        with torch.no_grad():
            ends.append(torch.func.functional_call(double, state, (INPUTS.double(),), tie_weights=True))
    return ((ends[0] - ends[1]) / (2 * scale)).unsqueeze(1)


def build(name: str) -> nn.Module:
    torch.manual_seed(0)
    return MODELS[name]()


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("chunk", [None, 5])
def test_against_finite_differences(name, chunk, monkeypatch):
    """In float64, where differences have seven digits."""
    calls = []
    secant = tangent._secant
    monkeypatch.setattr(tangent, "_secant", lambda *arguments: calls.append(1) or secant(*arguments))
    model = build(name).double()
    ppm = Classifier(model, INPUTS.double(), chunk=chunk)
    before = snapshot(ppm)
    moved(model, 1e-3)
    direction = update_since(ppm, before)
    truth = finite_difference(model, direction)
    assert bool(truth.abs().max() > 1e-4)
    tolerance = 2e-5 if name in BY_SECANT else 1e-7
    torch.testing.assert_close(tangent_of(ppm, direction), truth, rtol=0, atol=tolerance * float(truth.abs().max()))
    assert bool(calls) == (name in BY_SECANT)


@pytest.mark.parametrize("size", [1e-2, 1e-5, 1e-8])
@pytest.mark.parametrize("name", MODELS)
def test_small_updates_in_float32_keep_their_digits(name, size):
    """Relative to θ down to 10⁻⁸, below the rounding of float32: nothing is subtracted, or only when stretched."""
    model = build(name)
    ppm = Classifier(model, INPUTS)
    double = copy.deepcopy(model).double()
    before = snapshot(Classifier(double, INPUTS.double()))
    direction = update_since(Classifier(moved(double, size), INPUTS.double()), before)
    direction = {key: value.float() for key, value in direction.items()}
    truth = finite_difference(model, direction)
    worst = float((tangent_of(ppm, direction) - truth).abs().max() / truth.abs().max())
    assert worst < (5e-4 if name in BY_SECANT else 1e-5)


@pytest.mark.parametrize("size", [1e-3, 1e-8])
def test_a_young_bias_does_not_shorten_the_secant(size):
    """Batch norm's bias begins at 0: after one step its update is all there is of it."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 4))
    ppm = Classifier(model, INPUTS)
    direction = {name: size * torch.randn_like(value) for name, value in snapshot(ppm).items()}
    with torch.no_grad():
        model[1].bias += direction["1.bias"]
        model[1].running_mean += direction["1.running_mean"]
    truth = finite_difference(model, direction)
    assert float((tangent_of(ppm, direction) - truth).abs().max() / truth.abs().max()) < 2e-3


def test_a_small_variance_is_not_stretched_below_zero():
    """Running variances may be small beside the weights; the secant shortens until the logits move straight."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 64), nn.BatchNorm1d(64), nn.Tanh(), nn.Linear(64, 4))
    model[1].running_var.fill_(1e-4)
    model[0].weight.data *= 1e-2
    model[3].weight.data *= 30
    ppm = Classifier(model, INPUTS)
    direction = {name: torch.zeros_like(value) for name, value in snapshot(ppm).items()}
    direction["1.running_var"] = 1e-5 * torch.randn(64)
    direction["3.weight"] = 1e-4 * torch.randn(4, 64)
    truth = finite_difference(model, direction)
    assert float((tangent_of(ppm, direction) - truth).abs().max() / truth.abs().max()) < 1e-2


@pytest.mark.parametrize("name", ["smooth", "batch norm"])
def test_no_update_no_tangent(name):
    ppm = Classifier(build(name), INPUTS)
    assert not bool(tangent_of(ppm, update_since(ppm, snapshot(ppm))).any())


@pytest.mark.parametrize("name", ["smooth", "batch norm"])
def test_not_finite_where_the_logits_are_not(name):
    """Without an error: the training goes on, and the record says where it broke."""
    model = build(name)
    ppm = Classifier(model, INPUTS)
    before = snapshot(ppm)
    with torch.no_grad():
        model[0].weight[0, 0] = math.nan
    assert not bool(torch.isfinite(tangent_of(ppm, update_since(ppm, before))).all())


def test_integer_buffers_are_no_part_of_the_direction():
    model = build("batch norm")
    ppm = Classifier(model, INPUTS)
    assert "1.num_batches_tracked" not in snapshot(ppm)
    assert {"1.running_mean", "1.running_var", "0.weight"} <= set(snapshot(ppm))


def test_a_table_of_outcomes():
    class Fields(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.field = nn.Parameter(torch.tensor([0.3, -0.2]))

        def forward(self, states: Tensor) -> Tensor:
            return F.softplus(states @ self.field)

    states = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    ppm = Outcomes(Fields(), states, chunk=3)
    direction = {"field": torch.tensor([1e-9, 2e-9])}
    slope = torch.sigmoid(states @ ppm.module.field.detach()) * (states @ direction["field"])
    torch.testing.assert_close(tangent_of(ppm, direction), slope.reshape(1, 1, 4), rtol=1e-6, atol=0)
