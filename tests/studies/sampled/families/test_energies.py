"""Energies and Boltzmann machines in training: the gradient, the weights, Z, and whole runs in small."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import szilard
from szilard import SGD, Training, factory
from szilard.errors import SpecError
from szilard.models import RBM, EnergyBased, RestrictedBoltzmann
from szilard.models.boltzmann_machine import binary_states
from szilard.samplers import MALA
from szilard.studies.sampled.families.chains import LEARNING, TrainingChains
from szilard.studies.sampled.families.densities import Gaussian, Modes, annealed, summed
from szilard.studies.sampled.families.ebm import EBM, ebm
from szilard.studies.sampled.families.rbm import log_odds, rbm
from szilard.training.energies import TiltedGaussian, TwoModes

pytestmark = pytest.mark.slow


def machine() -> RBM:
    torch.manual_seed(0)
    return RBM(5, 3, scale=0.8).double()


@pytest.mark.parametrize("learning", ["weighted", "persistent"])
def test_the_gradient_is_that_of_the_likelihood(learning: str) -> None:
    """Chains that begin in equilibrium, against the derivative of the sum over all states."""
    rbm = machine()
    data = binary_states(5)[[3, 7, 7, 30]]
    exact = torch.autograd.grad(rbm(data).mean() + torch.logsumexp(-rbm(binary_states(5)), 0), list(rbm.parameters()))
    generator = torch.Generator().manual_seed(1)
    chains = TrainingChains(RestrictedBoltzmann(rbm), learning, 100_000, 1, generator)
    found = torch.autograd.grad(chains.loss(data), list(rbm.parameters()))
    for one, other in zip(found, exact, strict=True):
        assert torch.allclose(one, other, atol=4 * 0.5 / math.sqrt(100_000))


def test_weights_are_those_of_jarzynski_where_the_path_is_given() -> None:
    """Modes that move apart and change their masses, by a protocol that knows nothing of the chains."""
    torch.manual_seed(0)
    model = TwoModes(2).double()
    nn.init.constant_(model.log_odds, 1.0)
    ppm = EnergyBased(model, MALA(0.5), model.draw, starts_exactly=True)
    chains = TrainingChains(ppm, "weighted", 4000, 2, torch.Generator().manual_seed(2))
    data, start = torch.zeros(2, 2, dtype=torch.float64), model.log_normaliser()
    for _ in range(30):
        chains.loss(data)
        with torch.no_grad():
            model.first[0] -= 0.13
            model.second[0] += 0.13
            model.log_odds -= 0.16
    assert abs(chains.log_ratio() - (model.log_normaliser() - start)) < 0.05
    chains.loss(data)
    assert abs(float(chains.weights[model.in_second(chains.x)].sum()) - model.mass) < 0.03
    assert chains.resamplings > 0
    still = TrainingChains(ppm, "persistent", 50, 2, torch.Generator().manual_seed(2))
    still.loss(data)
    assert torch.equal(still.weights, torch.full((50,), 1 / 50, dtype=torch.float64))


def test_chains_begin_where_they_should() -> None:
    model = TwoModes(2)
    ppm = EnergyBased(model, MALA(1e-9), torch.full((1, 2), 3.0))
    data = torch.full((7, 2), -3.0)
    for learning, where, count in (("contrastive", -3.0, 7), ("fresh", 3.0, 4), ("persistent", 3.0, 4)):
        chains = TrainingChains(ppm, learning, 4, 1, torch.Generator().manual_seed(0))
        chains.loss(data)
        assert chains.x.shape == (count, 2)
        assert torch.allclose(chains.x, torch.tensor(where), atol=1e-2)
    with pytest.raises(SpecError, match="did you mean 'weighted'"):
        TrainingChains(ppm, "weigthed", 4, 1, torch.Generator())


def test_z_by_sum_and_by_annealing() -> None:
    generator = torch.Generator().manual_seed(0)
    data = torch.randn(500, 2, generator=generator) @ torch.tensor([[2.0, 0.0], [0.7, 0.4]]) + 3
    reference = Gaussian.of(data)
    torch.manual_seed(0)
    model = TiltedGaussian(2, [16])
    model.begin_at(reference.mean, reference.factor)
    ppm = EnergyBased(model, MALA(0.3, reference.factor), reference.draw)
    assert math.isclose(summed(ppm, reference), reference.log_normaliser, abs_tol=1e-4)
    assert torch.allclose(ppm.energy(data), reference.energy(data), atol=1e-4)
    nn.init.normal_(model.tilt[-1].weight)  # type: ignore[arg-type]
    value, error = annealed(ppm, reference, 60, 500, generator)
    assert abs(value - summed(ppm, reference)) < 3 * error < 0.1
    normal = torch.distributions.MultivariateNormal(reference.mean, scale_tril=reference.factor)
    found = reference.energy(data) + reference.log_normaliser
    assert torch.allclose(found.float(), -normal.log_prob(data), atol=1e-3)


def test_two_modes_know_their_z_and_masses() -> None:
    model = TwoModes(1).double()
    with torch.no_grad():
        model.first.fill_(-4), model.second.fill_(4), model.log_odds.fill_(math.log(3))
    grid = torch.linspace(-12, 12, 4001, dtype=torch.float64).unsqueeze(1)
    density = torch.exp(-model(grid) - model.log_normaliser()).detach() * 0.006
    assert math.isclose(float(density.sum()), 1, rel_tol=1e-6)
    assert math.isclose(float(density[grid[:, 0] > 0].sum()), model.mass, rel_tol=1e-3)
    x = model.draw(20_000, torch.Generator().manual_seed(0))
    assert abs(float(model.in_second(x).double().mean()) - 0.25) < 3 * math.sqrt(0.1875 / 20_000)
    modes = Modes(1)
    assert torch.allclose(modes.log_density(grid).exp() * 0.006, density, atol=1e-9)
    points = modes.draw(40_000, torch.Generator().manual_seed(1))
    surprise = -modes.log_density(points)
    assert abs(float(surprise.mean()) - modes.entropy) < 3 * float(surprise.std()) / 200


def small(**changes: Any) -> EBM:
    """Two modes in 50 dimensions, for a few steps."""
    spec = ebm("two-modes")
    training = Training(SGD(lr=0.1), batch_size=128, steps=20)
    given = {"training": training, "chains": 500, "lag_steps": 4, "held_out": 200, "kept": 0, "gallery": 0, **changes}
    return dataclasses.replace(spec, **given)


def test_a_run_of_two_modes(tmp_path: Path) -> None:
    run = szilard.run(small(), tmp_path / "run", quiet=True)
    told = run.attributes
    assert run.status == "complete"
    assert told["family"] == "energy"
    assert told["capability"] == "energetic"
    assert told["learning"] == "weighted"
    assert told["baseline"]["name"] == "the same with persistent chains, unweighted"
    assert told["modes"]["truth"] == 0.25
    assert told["log_normaliser"]["how"] == "closed form"
    json.dumps(told)
    off = float(run.data.log_normaliser[-1]) - told["log_normaliser"]["value"]
    assert abs(off) < 3.5 * float(run.data.log_normaliser_error[-1])
    assert float(run.data.acceptance[-1]) > 0.3


def test_a_run_in_the_plane(tmp_path: Path) -> None:
    spec = dataclasses.replace(ebm("ring"), lag_steps=4, kept=0, gallery=0, held_out=500)
    spec = dataclasses.replace(spec, training=dataclasses.replace(spec.training, steps=40), chains=64)
    told = szilard.run(spec, tmp_path / "run", quiet=True).attributes
    assert told["log_normaliser"]["how"] == "sum over a grid"
    assert math.isfinite(told["gain"]["value"])


@pytest.mark.parametrize("learning", LEARNING)
def test_runs_of_a_machine(tmp_path: Path, learning: str) -> None:
    spec = dataclasses.replace(rbm(), model=factory("szilard.models:RBM", visible=64, hidden=8), learning=learning)
    training = dataclasses.replace(spec.training, steps=100, optimizer=SGD(lr=0.3))
    spec = dataclasses.replace(spec, training=training, every=50, kept=0, gallery=0, chains=64)
    run = szilard.run(spec, tmp_path / learning, quiet=True)
    told = run.attributes
    assert told["log_normaliser"]["how"] == "sum over the smaller layer"
    off = float(run.data.log_normaliser[-1]) - told["log_normaliser"]["value"]
    assert abs(off) < 3.5 * float(run.data.log_normaliser_error[-1])
    assert told["baseline"]["name"] == "independent Bernoulli pixels"
    assert told["gain"]["value"] > 2 * told["gain"]["error"]


def test_a_machine_begins_as_independent_pixels() -> None:
    train = (torch.rand(50, 4, generator=torch.Generator().manual_seed(0)) < torch.tensor([0.0, 0.2, 0.5, 1.0])).float()
    white = torch.sigmoid(log_odds(train))
    assert torch.allclose(white, (train.sum(0) + 0.5) / 51)
    assert bool(torch.isfinite(log_odds(train)).all())


class Wide(nn.Module):
    """An energy of one's own."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(2.0))

    def forward(self, x: Tensor) -> Tensor:
        return (x / self.scale).square().sum(1) / 2


def test_an_energy_of_ones_own(tmp_path: Path) -> None:
    spec = dataclasses.replace(small(), model=factory(Wide), data="circles", learning="persistent", sampler_steps=4)
    run = szilard.run(spec, tmp_path / "run", quiet=True)
    assert run.attributes["log_normaliser"]["how"] == "sum over a grid"
    assert "modes" not in run.attributes


@pytest.mark.parametrize(
    ("spec", "what"),
    [
        (lambda: dataclasses.replace(ebm("ring"), model=factory("energies:TwoModes", dimension=3)), "dimension to 2"),
        (lambda: dataclasses.replace(rbm(), model=factory("szilard.models:RBM", visible=5, hidden=3)), "visible to 64"),
        (lambda: dataclasses.replace(rbm(), model=factory("nets:mlp", widths=[3, 2])), "szilard.models:RBM"),
    ],
)  # fmt: skip
def test_models_that_do_not_fit(tmp_path: Path, spec: Any, what: str) -> None:
    with pytest.raises(SpecError, match=what):
        szilard.run(spec(), tmp_path / "run", quiet=True)


@pytest.mark.parametrize(
    "changes", [{"learning": "fast"}, {"chains": 1}, {"sampler_steps": 0}, {"lag_steps": 0}, {"annealing": 1}]
)
def test_bad_settings_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match=next(iter(changes))):
        dataclasses.replace(rbm(), **changes)
    with pytest.raises(SpecError, match=next(iter(changes))):
        small(**changes)


def test_quick_is_shorter() -> None:
    for spec in (ebm(), ebm("ring"), ebm("two-modes"), rbm()):
        assert spec.quick().training.steps < spec.training.steps
