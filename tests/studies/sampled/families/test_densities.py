"""The runs ``flow`` and ``vae``: their data, their baselines, and a few steps of each."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest
import torch

import szilard
from szilard import data
from szilard.errors import SpecError
from szilard.models import LatentVariable
from szilard.monitor.sampled.sample_set import SampleSizes
from szilard.studies.sampled.families.densities import PLANES, plane
from szilard.studies.sampled.families.flow import flow
from szilard.studies.sampled.families.images import binary, dequantised
from szilard.studies.sampled.families.vae import bernoulli_surprise, negative_bound, surprise, vae
from szilard.training.autoencoder import perceptrons

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("name", PLANES)
def test_a_known_density_is_the_one_it_is_drawn_from(name: str) -> None:
    target = plane(name)
    x = target.draw(20_000, generator())
    surprises = -target.log_density(x)
    error = float(surprises.std()) / math.sqrt(len(x))
    assert abs(float(surprises.mean()) - target.entropy) < max(3 * error, 1e-6)
    axis = torch.arange(-4, 4, 0.04).double() + 0.02
    points = torch.cartesian_prod(axis, axis)
    p = target.log_density(points).exp() * 0.04**2
    assert float(p.sum()) == pytest.approx(1, abs=1e-3)
    # second moments too: φ alone would not see a density turned or mirrored
    moment = (points.prod(1) * p).sum()
    assert abs(float(x.double().prod(1).mean() - moment)) < 4 * float(x.prod(1).std()) / math.sqrt(len(x))


def test_an_unknown_density_is_named() -> None:
    with pytest.raises(SpecError, match="did you mean 'circles'"):
        plane("circle")


def test_images_are_dequantised_within_their_cells() -> None:
    found = dequantised(data.load("digits"), CPU, held_out=50)
    assert found.levels == 17
    assert found.images.shape == (8, 8)
    assert found.images.test.shape == (50, 64)
    assert found.cell == pytest.approx(64 * math.log(17))
    x = found.continuous(found.images.train, generator())
    assert torch.equal((x * 17).floor(), found.images.train)
    assert 0 <= float(x.min()) < float(x.max()) < 1


def test_levels_that_do_not_fit_are_refused_and_continuous_data_are_taken_as_they_are() -> None:
    digits = data.load("digits")
    with pytest.raises(SpecError, match="not of 5 grey levels"):
        dequantised(digits, CPU, levels=5)
    smooth = data.from_arrays(torch.rand(20, 3), torch.zeros(20).long(), torch.rand(5, 3))
    found = dequantised(smooth, CPU)
    assert (found.levels, found.cell) == (0, 0.0)
    assert torch.equal(found.continuous(found.images.train, generator()), smooth.train_inputs)


def test_the_bernoulli_baseline_by_hand() -> None:
    train, test = torch.tensor([[1.0, 0], [1, 0], [0, 0]]), torch.tensor([[1.0, 1.0]])
    assert bernoulli_surprise(train, test).item() == pytest.approx(-math.log(2.5 / 4) - math.log(0.5 / 4))


def test_both_bounds_of_an_autoencoder_lie_above_and_more_draws_lie_lower() -> None:
    torch.manual_seed(0)
    model = perceptrons(64, latent=3, hidden=[16])
    with torch.no_grad():
        model.decoder[-1].weight *= 8
    ppm = LatentVariable(model.encoder, model.decoder, latent=3)
    x = binary(data.load("digits"), CPU, 60).test
    with torch.no_grad():
        one, many = (surprise(ppm, x, draws, generator()).mean().item() for draws in (1, 200))
        trained_on = torch.stack([negative_bound(model, x).double() for _ in range(20)])
    assert many < one
    # the same bound with the divergence in closed form: equal in expectation
    spread = float(trained_on.mean(1).std())
    assert abs(one - float(trained_on.mean())) < 6 * spread


RUNS = {
    "ring": dataclasses.replace(flow("ring"), kept=3, gallery=8, held_out=200, samples=32),
    "digits": dataclasses.replace(
        flow("digits"), kept=0, gallery=4, held_out=20, samples=16,
        model=szilard.factory("flows:spline", features=64, transforms=2, hidden=[16], bins=3),
    ),
    "vae": dataclasses.replace(vae(), kept=0, gallery=4, held_out=30, held_out_draws=8, samples=16, draws=4),
}  # fmt: skip


@pytest.mark.parametrize("name", RUNS)
def test_a_few_steps(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = SampleSizes.of  # by default thousands of samples at both ends
    monkeypatch.setattr(SampleSizes, "of", lambda slots, checkpoint: sizes(slots, 64))
    spec = dataclasses.replace(RUNS[name].with_steps(8), every=4)
    assert type(spec).from_toml(spec.to_toml()) == spec
    run = szilard.run(spec, tmp_path / "run", quiet=True)
    told = run.attributes
    assert run.status == "complete"
    assert told["kind_of_run"] == "sampled"
    assert told["family"] == spec.family
    assert told["capability"] == ("bounded" if name == "vae" else "tractable")
    assert told["held_out"]["kind"] == {"ring": "unbiased"}.get(name, "upper")
    assert math.isfinite(told["gain"]["value"])
    assert float(run.data.work[-1]) > 0
    if name == "ring":
        return
    again = szilard.run(spec, tmp_path / "again", quiet=True)
    assert float(again.data.work[-1]) == float(run.data.work[-1])


@pytest.mark.parametrize("spec, words", [
    (dataclasses.replace(flow(), model=szilard.factory("flows:spline", features=4)), "set model.features to 64"),
    (dataclasses.replace(vae(), model=szilard.factory("autoencoders:perceptrons", pixels=9)), "set model.pixels to 64"),
    (dataclasses.replace(vae(), model=szilard.factory("nets:mlp", widths=[64, 8])), "without encoder, decoder"),
])  # fmt: skip
def test_models_that_do_not_fit_say_what_to_set(spec: szilard.studies.spec.Spec, words: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=words):
        szilard.run(spec, tmp_path / "run", quiet=True)


@pytest.mark.parametrize("run", [flow, vae])
def test_data_without_settings_say_what_there_is(run: object) -> None:
    with pytest.raises(SpecError, match="no settings for the data 'minst'"):
        run("minst")
    assert run().quick().training.steps < run().training.steps
