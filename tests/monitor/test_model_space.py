"""Models kept along the training: divergences, the law of each jump, and the target, against what is known."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr
from torch import Tensor

import szilard
from szilard import ModelSpace
from szilard.errors import ModelError, SpecError
from szilard.models import EnergyBased
from szilard.models.evaluation import state_of
from szilard.monitor.model_space.kept import KeptModel, KeptModels
from szilard.monitor.source import ModelSamples
from szilard.samplers import MALA, ULA
from szilard.systems import GaussianMean, LaggedGaussian, MarkovText, ProbabilisticPCA
from szilard.verify.as_models import AsBounded, AsEnergetic, AsSequential, AsTractable

GAUSSIAN = GaussianMean(
    dimension=2, points=10, model_sigma=1.0, data_sigma=1.0, rate=0.1, noise=0.02, initial_variance=0.5
)
DISTANCE = 0.5


def watch(out: Path, ppm: object, path: Tensor, measure: ModelSpace, every: int = 1) -> xr.Dataset:
    with szilard.Monitor(ppm, out=out, every=every, measures=[measure], quiet=True) as monitor:  # type: ignore[arg-type]
        for theta in path[1:]:
            ppm.move_to(theta)  # type: ignore[attr-defined]
            monitor.step()
    return szilard.open(out).tree["model_space"].to_dataset(inherit=False)


def line(steps: int, dimension: int = 2) -> Tensor:
    """Each step moves the mean by DISTANCE."""
    along = DISTANCE / math.sqrt(dimension) * torch.arange(steps + 1, dtype=torch.float64)
    return along.unsqueeze(1).expand(-1, dimension).contiguous()


def pairs(data: xr.Dataset, name: str = "jeffreys") -> list[tuple[int, int, float, float]]:
    """Every pair of models that was compared: their steps, value and error."""
    found = []
    for row, late in enumerate(data.step.values.tolist()):
        for place, early in enumerate(data.model_step.values[row].tolist()):
            if early >= 0 and early != late:
                value, error = (float(data[each].values[row, place]) for each in (name, f"{name}_error"))
                found.append((early, late, value, error))
    return found


def test_divergences_of_gaussians(tmp_path: Path) -> None:
    ppm = AsTractable(GAUSSIAN, torch.zeros(2, dtype=torch.float64))
    data = watch(tmp_path / "run", ppm, line(5), ModelSpace(every=1, samples=400, most=8))
    assert len(pairs(data)) == 15
    for early, late, value, error in pairs(data):
        truth = (DISTANCE * (late - early)) ** 2 / 2  # per dimension
        assert abs(value - truth) < 4 * error, (early, late)
    for name in ("detailed_slope", "free_energy_bar"):
        truth = 1.0 if name == "detailed_slope" else 0.0
        z = (data[name].values[1:] - truth) / data[f"{name}_error"].values[1:]
        assert np.abs(z).max() < 3.5
    assert np.isnan(data.detailed_slope.values[0])
    assert data.previous_step.values.tolist() == [-1, 0, 1, 2, 3, 4]
    assert (data.forward_histogram.values[1:].sum(1) == 400).all()
    assert (data.forward_histogram.values[0] == -1).all()


def test_the_target_by_cross_entropy(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(5)
    target = torch.tensor([1.0, -0.5], dtype=torch.float64)
    examples = target + torch.randn(4000, 2, generator=generator, dtype=torch.float64)
    ppm = AsTractable(GAUSSIAN, torch.zeros(2, dtype=torch.float64))
    measure = ModelSpace(samples=64, data=examples, target_entropy=math.log(2 * math.pi * math.e))
    data = watch(tmp_path / "run", ppm, line(4), measure)
    told = szilard.open(tmp_path / "run").tree.attrs["model_space"]
    assert told["target_entropy"] == pytest.approx(0.5 * math.log(2 * math.pi * math.e))
    assert told["cross_entropy_from"] == "0" and told["units_of_a_sample"] == 2
    for row, theta in enumerate(line(4)):
        truth = 0.5 * math.log(2 * math.pi * math.e) + float((theta - target).square().sum()) / 4
        assert abs(float(data.cross_entropy[row]) - truth) < 4 * float(data.cross_entropy_error[row])


def test_energies_are_compared_without_ln_z(tmp_path: Path) -> None:
    system = LaggedGaussian(dimension=2, sigma=1.0, contraction=0.0, tilt=0.7)
    examples = torch.randn(2000, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    ppm = AsEnergetic(system, torch.zeros(2, dtype=torch.float64))
    data = watch(tmp_path / "run", ppm, line(4), ModelSpace(samples=400, data=examples, sampler_steps=1))
    for early, late, value, error in pairs(data):
        assert abs(value - (DISTANCE * (late - early)) ** 2 / 2) < 4 * error
    change = 0.7 * float(line(4)[1].sum())
    z = (data.free_energy_bar.values[1:] - change) / data.free_energy_bar_error.values[1:]
    assert np.abs(z).max() < 3.5
    z = (data.detailed_slope.values[1:] - 1) / data.detailed_slope_error.values[1:]
    assert np.abs(z).max() < 3.5
    for row, theta in enumerate(line(4)):
        truth = 0.5 * math.log(2 * math.pi) + float((examples - theta).square().sum(1).mean()) / 4
        assert abs(float(data.cross_entropy[row]) - truth) < 4 * float(data.cross_entropy_error[row]) + 1e-9
    assert data.jeffreys.attrs["kind"] == "asymptotic"


def test_energies_of_unknown_ln_z_count_from_the_first_model(tmp_path: Path) -> None:
    class Unknown:
        """An energy that keeps its ln Z to itself."""

        starts_exactly = True

        def __init__(self, inner: AsEnergetic) -> None:
            self.module, self.device = inner.module, inner.device
            self.energy, self.start, self.relax, self.move_to = inner.energy, inner.start, inner.relax, inner.move_to

    system = LaggedGaussian(dimension=2, sigma=1.0, contraction=0.0, tilt=0.7)
    ppm = Unknown(AsEnergetic(system, torch.zeros(2, dtype=torch.float64)))
    examples = torch.zeros(10, 2, dtype=torch.float64)
    data = watch(tmp_path / "run", ppm, line(2), ModelSpace(samples=100, data=examples, sampler_steps=1))
    assert float(data.cross_entropy[0]) == pytest.approx(0)
    told = szilard.open(tmp_path / "run").tree.attrs["model_space"]
    assert told["cross_entropy_from"] == "ln Z of the first model"


def test_latent_variables_keep_the_law_of_x_and_z(tmp_path: Path) -> None:
    system = ProbabilisticPCA(dimension=2, latent=1, widening=1.6)
    path = system.simulate(200, seed=1)[::40]
    ppm = AsBounded(system, path[0], draws=2)  # bounds far from closed: φ alone would not obey Eq. 22
    data = watch(tmp_path / "run", ppm, path, ModelSpace(samples=600))
    slope, error = data.detailed_slope.values[1:], data.detailed_slope_error.values[1:]
    resolved = error < 0.5
    assert resolved.sum() >= 2
    assert (np.abs(slope - 1) < 3.5 * error)[resolved].all()
    z = data.free_energy_bar.values[1:] / data.free_energy_bar_error.values[1:]
    assert np.abs(z).max() < 3.5
    assert data.jeffreys.attrs["kind"] == "asymptotic"


def test_sequences_are_counted_by_the_horizon(tmp_path: Path) -> None:
    system = MarkovText(vocabulary=3, length=5, ends=True)
    path = system.simulate(60, seed=1)[::20]
    ppm = AsSequential(system, path[0])
    data = watch(tmp_path / "run", ppm, path, ModelSpace(samples=2000))
    table = system.table(path)  # φ of every sequence
    for early, late, value, error in pairs(data):
        p, q = torch.exp(-table[early]), torch.exp(-table[late])
        truth = float(((p - q) * (table[late] - table[early])).sum()) / 5
        assert abs(value - truth) < 4 * error, (early, late)
    assert szilard.open(tmp_path / "run").tree.attrs["model_space"]["unit"] == "token"


def test_models_are_let_go_where_the_way_is_dense(tmp_path: Path) -> None:
    """A way that slows down: models spread over the distance, not over the time; the ends stay."""
    ppm = AsTractable(GAUSSIAN, torch.zeros(2, dtype=torch.float64))
    path = 3 * (1 - torch.exp(-torch.arange(101, dtype=torch.float64) / 10)).unsqueeze(1).expand(-1, 2)
    data = watch(tmp_path / "run", ppm, path, ModelSpace(samples=32, most=6))
    last = sorted(step for step in data.model_step.values[-1].tolist() if step >= 0)
    assert len(last) == 6
    assert (last[0], last[-1]) == (0, 100)
    gaps = np.diff(path[last][:, 0].numpy())
    assert gaps[:-1].max() < 4 * gaps[:-1].min()
    assert len(data.step) < 30


def test_the_shelf_keeps_ends_and_places() -> None:
    kept = KeptModels(4)
    at = [0.0, 1.0, 1.1, 5.0, 9.0]
    zero = torch.zeros(())
    for step, here in enumerate(at):
        place = kept.make_room()
        assert place not in {model.place for model in kept.models}
        near = {model.step: torch.tensor((at[model.step] - here) ** 2) for model in kept.models}
        kept.add(KeptModel(step, place, {}, ModelSamples(zero), zero, zero, (zero, zero)), near)
    assert [model.step for model in kept.models] == [0, 2, 3, 4]  # between 0 and 1.1 lay the densest


def test_nothing_of_the_model_moves(tmp_path: Path) -> None:
    ppm = AsTractable(GAUSSIAN, torch.zeros(2, dtype=torch.float64))
    recorder = ModelSpace(samples=8, most=3).start(ppm)
    before, version = state_of(ppm.module), ppm.module.theta._version
    for step in range(4):
        recorder.observe(szilard.monitor.Occasion(step, 1))
        recorder.rows()
    assert all(torch.equal(before[name], each) for name, each in state_of(ppm.module).items())
    assert ppm.module.theta._version == version
    assert ppm.module.theta.grad is None
    assert ppm.module.theta.requires_grad


def test_models_without_overlap_do_not_end_the_record(tmp_path: Path) -> None:
    ppm = AsTractable(GAUSSIAN, torch.zeros(2, dtype=torch.float64))
    data = watch(tmp_path / "run", ppm, 100 * line(3), ModelSpace(samples=16))
    run = szilard.open(tmp_path / "run")
    assert run.status == "complete"
    assert np.isnan(data.detailed_slope.values).all()
    assert (data.jeffreys.values[-1][data.model_step.values[-1] >= 0][:-1] > 100).all()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"most": 2}, "most must be a whole number of at least 3"),
        ({"most": 1000}, "every pair is compared"),
        ({"samples": 1}, "samples must be"),
        ({"every": 0}, "every must be"),
        ({"data": torch.zeros(1, 2)}, "at least two held-out samples"),
        ({"data": [1, 2]}, "data must be a tensor"),
    ],
)
def test_settings_that_make_no_sense(settings: dict, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        ModelSpace(**settings)


def test_what_has_no_samples_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="has no samples of X"):
        ModelSpace().start(szilard.Classifier(torch.nn.Linear(2, 3), torch.zeros(4, 2)))


class Well(torch.nn.Module):
    """E = k x²/2."""

    def __init__(self) -> None:
        super().__init__()
        self.stiffness = torch.nn.Parameter(torch.ones((), dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        return 0.5 * self.stiffness * x.square().sum(-1)


def test_an_unadjusted_kernel_is_refused() -> None:
    """Its samples are of another law, and nothing here would weight them."""
    start = torch.randn(8, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    ModelSpace(samples=4).start(EnergyBased(Well(), MALA(0.3), start))
    with pytest.raises(ModelError, match=r"unadjusted.*such as MALA, or leave ModelSpace out"):
        ModelSpace(samples=4).start(EnergyBased(Well(), ULA(0.3), start))
