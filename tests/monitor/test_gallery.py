"""Samples kept along the training: what they are, when they are kept, and that the run does not feel it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

import szilard
from szilard import Gallery
from szilard.errors import ModelError, SpecError
from szilard.systems import GaussianMean, LaggedGaussian, MarkovText, ProbabilisticPCA
from szilard.verify.as_models import AsBounded, AsEnergetic, AsSequential, AsTractable

GAUSSIAN = GaussianMean(
    dimension=4, points=10, model_sigma=1.0, data_sigma=1.0, rate=0.1, noise=0.02, initial_variance=0.5
)


def watch(out: Path, ppm: object, path: list[Tensor], gallery: Gallery, **more: object) -> szilard.Run:
    with szilard.Monitor(ppm, out=out, every=1, measures=[gallery], quiet=True, **more) as monitor:  # type: ignore[arg-type]
        for theta in path:
            ppm.move_to(theta)  # type: ignore[attr-defined]
            monitor.step()
    return szilard.open(out)


def gaussian_path(steps: int) -> list[Tensor]:
    return [torch.full((4,), 0.1 * step, dtype=torch.float64) for step in range(1, steps + 1)]


def kept(run: szilard.Run) -> np.ndarray:
    return np.asarray(run.tree["gallery"]["sample"].values)


def test_what_changes_between_records_is_the_model(tmp_path: Path) -> None:
    ppm = AsTractable(GAUSSIAN, torch.zeros(4, dtype=torch.float64))
    run = watch(tmp_path / "run", ppm, gaussian_path(6), Gallery(every=2, samples=5, shape=(2, 2)))
    assert run.tree["gallery"].step.values.tolist() == [0, 2, 4, 6]
    moved = np.diff(kept(run), axis=0)
    assert np.allclose(moved, 0.2)  # the same random numbers, on a mean that moves
    assert run.tree.attrs["gallery"] == {"form": "image", "shape": [2, 2]}


def test_records_grow_sparser_and_the_last_is_kept(tmp_path: Path) -> None:
    ppm = AsTractable(GAUSSIAN, torch.zeros(4, dtype=torch.float64))
    run = watch(tmp_path / "run", ppm, gaussian_path(99), Gallery(samples=2))
    steps = run.tree["gallery"].step.values
    assert steps[:7].tolist() == list(range(7))
    assert steps[-1] == 99
    assert len(steps) < 25
    assert abs(kept(run)[-1].mean() - kept(run)[0].mean() - 9.9) < 1e-9
    assert run.tree.attrs["gallery"]["form"] == "points"


def test_a_loop_that_breaks_keeps_no_sample_of_another_step(tmp_path: Path) -> None:
    ppm = AsTractable(GAUSSIAN, torch.zeros(4, dtype=torch.float64))
    with pytest.raises(RuntimeError, match="odd"):  # noqa: SIM117 - the monitor sees the error first
        with szilard.Monitor(ppm, out=tmp_path / "run", every=10, measures=[Gallery(samples=2)], quiet=True) as monitor:
            for step, theta in enumerate(gaussian_path(99)):
                ppm.move_to(theta)
                monitor.step()
                if step == 94:
                    raise RuntimeError("odd")
    run = szilard.open(tmp_path / "run")
    sample, steps = kept(run), run.tree["gallery"].step.values
    assert np.allclose(sample[:, 0, 0] - sample[0, 0, 0], 0.1 * steps)


@pytest.mark.parametrize("decode", [None, lambda tokens: "".join(chr(97 + int(token)) for token in tokens)])
def test_text_is_kept_as_it_reads(decode: Callable[[Tensor], str] | None, tmp_path: Path) -> None:
    system = MarkovText(vocabulary=3, length=5, ends=True)
    ppm = AsSequential(system, system.start())
    run = watch(tmp_path / "run", ppm, [ppm.theta.clone()], Gallery(samples=8, characters=7, decode=decode))
    told, sample = run.tree.attrs["gallery"], kept(run)
    assert told["form"] == ("tokens" if decode is None else "text")
    assert sample.shape[1:] == (8, 5 if decode is None else 7)
    ended = [row[np.isfinite(row)] for row in sample[0]]
    base = 0 if decode is None else 97
    for row in ended:
        assert set(row.tolist()) <= {base + 0.0, base + 1.0, base + 2.0}
        assert not (row[:-1] == base + 2).any()  # nothing after the end


def test_latent_variables_show_x(tmp_path: Path) -> None:
    system = ProbabilisticPCA(dimension=4, latent=1)
    ppm = AsBounded(system, system.start())
    run = watch(tmp_path / "run", ppm, [ppm.theta.clone()], Gallery(samples=3))
    assert kept(run).shape == (2, 3, 4)


def test_energies_show_chains_that_go_on(tmp_path: Path) -> None:
    system = LaggedGaussian(dimension=2, sigma=1.0, contraction=0.5)
    ppm = AsEnergetic(system, torch.zeros(2, dtype=torch.float64))
    path = [torch.full((2,), 5.0, dtype=torch.float64)] * 8
    run = watch(tmp_path / "run", ppm, path, Gallery(samples=200, sampler_steps=1))
    mean = kept(run).mean((1, 2))
    assert abs(mean[0]) < 0.3
    assert abs(mean[1] - 2.5) < 0.3  # one contraction on the way to 5
    assert abs(mean[-1] - 5) < 0.3
    assert run.tree.attrs["gallery"]["sampler_steps"] == 1


def test_the_run_does_not_feel_it(tmp_path: Path) -> None:
    def train(watched: bool) -> Tensor:
        torch.manual_seed(1)
        ppm = AsTractable(GAUSSIAN, torch.zeros(4, dtype=torch.float64))
        optimizer = torch.optim.Adam(ppm.module.parameters(), lr=0.1)
        measures = [
            Gallery(samples=4),
            szilard.ModelSpace(samples=8, most=4, data=torch.zeros(5, 4, dtype=torch.float64)),
        ]
        monitor = (
            szilard.Monitor(ppm, out=tmp_path / "run", every=2, measures=measures, quiet=True) if watched else None
        )
        for _ in range(30):
            loss = (ppm.module.theta - torch.randn(4, dtype=torch.float64)).square().sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if monitor is not None:
                monitor.step(loss)
        if monitor is not None:
            monitor.close()
        return ppm.theta.clone()

    assert torch.equal(train(True), train(False))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"samples": 0}, "samples must be a positive whole number"),
        ({"every": 1.5}, "every must be"),
        ({"shape": "8x8"}, "extents of a picture"),
        ({"shape": (8, 0)}, "each of shape"),
        ({"sampler_steps": True}, "sampler_steps must be"),
    ],
)
def test_settings_that_make_no_sense(settings: dict, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        Gallery(**settings)


def test_what_has_no_samples_is_refused(tmp_path: Path) -> None:
    classifier = szilard.Classifier(torch.nn.Linear(2, 3), torch.zeros(4, 2))
    with pytest.raises(ModelError, match="has no samples of X"):
        szilard.Monitor(classifier, out=tmp_path / "run", measures=[Gallery()])
    with pytest.raises(SpecError, match="do not make a picture"):
        Gallery(shape=(3, 3)).start(AsTractable(GAUSSIAN, torch.zeros(4, dtype=torch.float64)))
