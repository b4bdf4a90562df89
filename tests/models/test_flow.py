"""Flows as PPMs: normalised, reproducible, harmless, and clear about what they cannot take."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Independent, Normal

from szilard.errors import ModelError, SpecError
from szilard.models import Flow, Tractable
from szilard.models.evaluation import undisturbed
from szilard.training import flows


class Known(nn.Module):
    """A normal whose mean and scales are parameters."""

    def __init__(self, dimension: int = 3) -> None:
        super().__init__()
        self.mean = nn.Parameter(torch.linspace(-1, 1, dimension))
        self.log_scale = nn.Parameter(torch.linspace(-0.5, 0.5, dimension))

    def law(self) -> Independent:
        return Independent(Normal(self.mean, self.log_scale.exp()), 1)


class ByCall(Known):
    def forward(self) -> Independent:
        return self.law()


class ByMethods(Known):
    def log_prob(self, x: Tensor) -> Tensor:
        return self.law().log_prob(x)

    def sample(self, count: int) -> Tensor:
        return self.law().sample(torch.Size([count]))


def zuko_flow() -> nn.Module:
    torch.manual_seed(0)
    return flows.spline(2, transforms=2, hidden=[16])


MODELS = {"by call": ByCall, "by methods": ByMethods, "zuko": zuko_flow, "affine": lambda: flows.affine(5, hidden=[8])}


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("name", MODELS)
def test_it_is_tractable_and_a_seed_is_a_sample(name: str) -> None:
    ppm = Flow(MODELS[name](), chunk=7)
    assert isinstance(ppm, Tractable)
    state = torch.get_rng_state()
    with undisturbed(ppm.module, ppm.device):
        x = ppm.sample(20, generator())
        assert torch.equal(x, ppm.sample(20, generator()))
        assert not torch.equal(x, ppm.sample(20, generator(1)))
        assert len(x.unique(dim=0)) == 20
        phi = ppm.phi(x)
    assert phi.shape == (20,)
    assert phi.dtype is torch.float64
    assert torch.equal(torch.get_rng_state(), state)


def test_successive_draws_differ() -> None:
    source = generator()
    ppm = Flow(ByCall())
    assert not torch.equal(ppm.sample(4, source), ppm.sample(4, source))


def test_phi_is_the_density_of_a_normal() -> None:
    model, x = ByMethods(), torch.randn(5, 3, generator=generator())
    mean, scale = model.mean.detach(), model.log_scale.detach().exp()
    naive = torch.tensor(
        [sum((a - m) ** 2 / (2 * s**2) + math.log(s) + math.log(2 * math.pi) / 2
             for a, m, s in zip(row, mean.tolist(), scale.tolist(), strict=True)) for row in x.tolist()]
    )  # fmt: skip
    for ppm in (Flow(model), Flow(ByCall())):
        torch.testing.assert_close(ppm.phi(x).float(), naive)


def test_a_flow_integrates_to_one() -> None:
    flow = flows.standardised(zuko_flow(), torch.randn(50, 2, generator=generator()) * 2 + 1)
    ppm = Flow(flow)
    axis = torch.arange(-14, 16, 0.1)
    with torch.no_grad():
        total = sum(float(torch.exp(-ppm.phi(torch.cartesian_prod(rows, axis))).sum()) for rows in axis.split(50))
    assert total * 0.1**2 == pytest.approx(1, abs=2e-3)


def test_samples_have_the_density_that_phi_says() -> None:
    """Mean of φ over samples against its integral, −∫ p ln p on a grid."""
    ppm = Flow(zuko_flow())
    axis = torch.arange(-8, 8, 0.1)
    with torch.no_grad():
        grid = ppm.phi(torch.cartesian_prod(axis, axis))
        entropy = float((grid * torch.exp(-grid)).sum()) * 0.1**2
        phi = ppm.phi(ppm.sample(4000, generator()))
    assert abs(float(phi.mean()) - entropy) < 3 * float(phi.std()) / math.sqrt(4000)


def test_other_signatures() -> None:
    class Odd(Known):
        def score(self, x: Tensor) -> Tensor:
            return self.law().log_prob(x)

    ppm = Flow(
        Odd(), log_prob=lambda model, x: model.score(x),
        sample=lambda model, count, source: model.mean + torch.randn(count, 3, generator=source),
    )  # fmt: skip
    x = ppm.sample(6, generator())
    torch.testing.assert_close(ppm.phi(x), Flow(ByCall()).phi(x))


class Returns(nn.Module):
    def __init__(self, value: Any) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.value = value

    def forward(self) -> Any:
        return self.value


class Pairs(ByMethods):
    def sample(self, count: int) -> Any:
        return super().sample(count), None


class Broken(ByMethods):
    def log_prob(self, x: Tensor) -> Tensor:
        return super().log_prob(x) * math.nan


BAD: dict[str, tuple[Any, str]] = {
    "no module": (lambda x: x, "must be a torch.nn.Module"),
    "no distribution": (nn.Linear(2, 2), "cannot be called without arguments for a distribution"),
    "something else": (Returns(3), "returned a int, not a torch distribution"),
    "not summed": (Returns(Normal(torch.zeros(3), 1.0)), "not one number for each: sum over"),
    "samples in a tuple": (Pairs(), "pick the samples out"),
    "not finite": (Broken(), "not finite at the model's own samples"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_it_cannot_take_is_named(name: str) -> None:
    model, words = BAD[name]
    with pytest.raises(ModelError, match=words):
        Flow(model)


def test_flows_without_zuko_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "zuko", None)
    with pytest.raises(SpecError, match=r"pip install 'szilard\[flow\]'"):
        flows.affine(4)


def test_flows_of_nothing_are_refused() -> None:
    with pytest.raises(SpecError, match="at least 1 step and 2 features"):
        flows.affine(1)
