"""The audit of sampled runs: sound records hold, and each planted fault fails the row that it breaks."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

import szilard
from szilard.audit import Audit, Verdict
from szilard.models.ppm import PPM
from szilard.samplers import Relaxation
from szilard.studies.sampled.advice import advice_of, in_words
from szilard.studies.sampled.reading import read
from szilard.systems import GaussianMean, Ising, LaggedGaussian, MarkovText, ProbabilisticPCA
from szilard.verify.as_models import AsBounded, AsEnergetic, AsSequential, AsTractable

GAUSSIAN = GaussianMean(
    dimension=3, points=10, model_sigma=1.0, data_sigma=1.0, rate=0.1, noise=0.02, initial_variance=0.5
)


def watched(ppm: PPM, path: Tensor, out: Path, **settings: object) -> szilard.Run:
    """The record of a system that is carried along a path."""
    with szilard.Monitor(ppm, out=out, every=1, measures=[szilard.Ledger(every=1, **settings)], quiet=True) as monitor:
        for theta in path[1:]:
            ppm.move_to(theta)  # type: ignore[attr-defined]
            monitor.step()
    return szilard.open(out)


def verdicts(audit: Audit) -> dict[str, Verdict]:
    return {row.name: row.verdict for row in audit.rows}


SYSTEMS = {
    "tractable": (AsTractable, GAUSSIAN, 40, {}),
    "sequential": (AsSequential, MarkovText(), 20, {}),
    "bounded": (AsBounded, ProbabilisticPCA(), 20, {}),
    "energetic": (AsEnergetic, Ising(), 20, {"sampler_steps": 4}),
}


@pytest.mark.parametrize("capability", SYSTEMS)
def test_a_sound_run_is_sound(capability: str, tmp_path: Path) -> None:
    as_model, system, steps, settings = SYSTEMS[capability]
    path = system.simulate(steps, seed=3)
    run = watched(as_model(system, path[0]), path, tmp_path / "run", **settings)
    audit = run.audit()
    assert audit.sound, audit.verdict
    assert run.attributes["capability"] == capability
    constructed = [row for row in audit.rows if row.basis == "by construction"]
    assert constructed and all(row.verdict is Verdict.HELD for row in constructed)
    said = (Path(__file__).parents[3] / "docs" / "audit.md").read_text(encoding="utf-8")
    names = [row.name.replace("|", "\\|") for row in audit.rows]  # as a table of Markdown writes them
    assert [name for name in names if f"| {name} |" not in said] == []
    assert "W  " in run.summary()


class Unnormalised(AsTractable):  # type: ignore[misc]
    """φ that leaves out a part of ln Z which changes with θ."""

    def phi(self, x: Tensor) -> Tensor:
        return self.system.phi(x, self.theta) + 3 * self.theta.sum()


def test_a_phi_that_is_not_normalised_is_named(tmp_path: Path) -> None:
    path = GAUSSIAN.simulate(40, seed=1)
    with pytest.warns(szilard.SzilardWarning, match="not normalised"):
        run = watched(Unnormalised(GAUSSIAN, path[0]), path, tmp_path / "run")
    row = run.audit()["fluctuation theorem, sampled"]
    assert row.verdict is Verdict.FAILED
    assert "not normalised" in row.detail


class Cooler(AsEnergetic):  # type: ignore[misc]
    """Chains that sample another model than the energy's, as a kernel that was written for the wrong temperature."""

    def relax(self, x: Tensor, sampler_steps: int, generator: torch.Generator) -> Relaxation:
        moved = self.system.relax(x, 2 * self.theta, sampler_steps, generator=generator)
        ones = torch.ones(len(x), dtype=torch.float64)
        return Relaxation(moved, ones, torch.zeros_like(ones))


def test_a_kernel_of_another_model_is_not_sound(tmp_path: Path) -> None:
    system = Ising(coupling=0.8, rate=0.05)
    path = system.simulate(30, seed=1)
    audit = watched(Cooler(system, path[0]), path, tmp_path / "run", sampler_steps=8, samples=1024).audit()
    assert not audit.sound
    assert verdicts(audit)["first law"] is Verdict.HELD  # it closes by construction, and does not tell


def test_a_short_sampler_is_told_to_be_longer_and_a_long_one_that_it_is_enough(tmp_path: Path) -> None:
    system = LaggedGaussian()
    path = system.simulate(20)
    short, long = (
        watched(AsEnergetic(system, path[0]), path, tmp_path / str(steps), sampler_steps=steps, samples=1024)
        for steps in (1, 60)
    )
    assert verdicts(short.audit())["X relaxes within an update"] is Verdict.FAILED
    assert verdicts(long.audit())["X relaxes within an update"] is not Verdict.FAILED
    reading = read(short.tree)
    advice = advice_of(reading, target=0.001)
    assert advice is not None and advice.steps > 1
    assert "too short" in in_words(reading, target=0.001)
    assert "too short" not in in_words(read(long.tree))


def test_a_record_of_one_row_and_a_broken_one_are_audited(tmp_path: Path) -> None:
    path = GAUSSIAN.simulate(3, seed=1)
    ppm = AsTractable(GAUSSIAN, path[0])
    monitor = szilard.Monitor(ppm, out=tmp_path / "run", every=1, quiet=True)
    run = szilard.open(tmp_path / "run")
    assert run.audit()["complete record"].verdict is Verdict.FAILED
    assert "INCOMPLETE" in run.summary()
    monitor.step()
    monitor.close()


def test_far_jumps_are_neither_certified_nor_accused(tmp_path: Path) -> None:
    """Every jump moves the mean by several widths: hardly a sample of the one model is one of the other."""
    path = torch.arange(6, dtype=torch.float64)[:, None] * torch.full((3,), 4.0, dtype=torch.float64)
    audit = watched(AsTractable(GAUSSIAN, path[0]), path, tmp_path / "run", samples=64).audit()
    for name in ("fluctuation theorem, sampled", "heat by two routes", "speed limit"):
        assert audit[name].verdict is Verdict.UNCHECKABLE, name
    assert audit["samples are worth their number"].verdict is Verdict.FAILED
    assert audit["second law"].verdict is Verdict.HELD


@pytest.mark.slow
def test_a_reference_that_is_worn_out_by_resampling_is_named(tmp_path: Path) -> None:
    """Where it relaxes for two steps of a slow sampler its W is off by thirty errors, and no other row knows."""
    system = LaggedGaussian(dimension=10, sigma=1.0, contraction=0.98, speed=0.1)
    path = system.simulate(40)
    worn, sound = (
        watched(AsEnergetic(system, path[0]), path, tmp_path / str(steps), sampler_steps=2, reference_steps=steps)
        for steps in (2, 100)
    )
    assert worn.audit()["the reference keeps up"].verdict is Verdict.FAILED
    assert sound.audit()["the reference keeps up"].verdict is Verdict.HELD
    assert abs(sound.estimate("work").z(system.along(path)["work"])) < 3
