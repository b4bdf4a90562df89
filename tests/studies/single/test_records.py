"""The audit of records as a monitor writes them: learning, noise, calibration, an end off the rhythm."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

import szilard
from szilard.audit import Basis, Motion, Verdict, drift_shares
from szilard.data import Dataset
from szilard.monitor.doubling import DoublingInterval
from szilard.studies.kits.watched.phases import phases

Maker = Callable[..., torch.optim.Optimizer]


def watch(
    digits: Dataset,
    out: Path,
    make: Maker = torch.optim.SGD,
    *,
    steps: int = 320,
    noise: bool = False,
    intervals: tuple[int, ...] = (1, 2, 4, 8),
    every: int | None = 1,
    **settings: float,
) -> szilard.Run:
    """A watched training of a linear classifier, on the digits or on gradients of pure noise."""
    x, y = digits.split("train")
    x, probe = x.flatten(1), digits.split("test")[0].flatten(1)[:200]
    generator = torch.Generator().manual_seed(1)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model = torch.nn.Linear(64, 10)
    optimizer = make(model.parameters(), **settings)
    monitor = szilard.Monitor(
        szilard.Classifier(model, probe), optimizer, out=out, every=every, path_intervals=intervals, quiet=True
    )
    for _ in range(steps):
        index = torch.randint(len(x), (400,), generator=generator)
        loss = F.cross_entropy(model(x[index]), y[index])
        optimizer.zero_grad()
        loss.backward()
        if noise:
            for parameter in model.parameters():
                parameter.grad = torch.randn(parameter.shape, generator=generator)
        optimizer.step()
        monitor.step(loss)
    return monitor.close()


def test_learning_the_digits_shows_as_drift(digits: Dataset, tmp_path: Path) -> None:
    audit = watch(digits, tmp_path / "run", lr=0.05).audit()
    assert audit.sound
    assert all(row.verdict is Verdict.HELD for row in audit.rows if row.basis is Basis.CONSTRUCTION)
    assert audit["drift"].verdict is Verdict.HELD
    assert audit["independence of the interval"].verdict is Verdict.FAILED
    assert "No learning visible" not in audit["drift"].detail


def test_noise_shows_no_drift_and_no_learning(digits: Dataset, tmp_path: Path) -> None:
    row = watch(digits, tmp_path / "run", noise=True, intervals=(1, 2, 4), lr=2e-4).audit()["drift"]
    assert row.verdict is Verdict.FAILED
    assert "No learning visible" in row.detail


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "settings"),
    [(torch.optim.SGD, {"lr": 5e-5, "momentum": 0.8}), (torch.optim.AdamW, {"lr": 2e-4})],
    ids=["momentum", "AdamW"],
)
def test_momentum_on_noise_is_not_taken_for_drift(make: Maker, settings: dict, digits: Dataset, tmp_path: Path) -> None:
    run = watch(digits, tmp_path / "run", make, noise=True, intervals=(1, 4, 8), steps=640, **settings)
    assert run.audit()["drift"].verdict is not Verdict.HELD
    naive = drift_shares(run.data)[-1]
    assert naive.interval == 4
    assert naive.motion is Motion.DRIFT  # what one would say without knowing of the momentum


@pytest.mark.parametrize("dense", [True, False], ids=["dense at first", "calibrated at first"])
def test_the_beginning_and_a_ragged_end_leave_only_regular_jumps(
    dense: bool, digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DoublingInterval, "affordable", staticmethod(lambda record_seconds: dense))
    run = watch(digits, tmp_path / "run", every=None, steps=251, lr=0.05)
    every = run.attributes["every"]
    regular = (251 - (0 if dense else run.attributes["calibration"]["steps"])) // every
    for share in drift_shares(run.data):
        assert share.interval % every == 0
        assert share.jumps <= regular // (share.ratio * share.interval // every)
        assert share.steps == share.jumps * share.ratio * share.interval
    assert run.audit().sound


@pytest.mark.slow
def test_phases_tell_the_learning_from_what_follows(digits: Dataset, tmp_path: Path) -> None:
    run = watch(digits, tmp_path / "run", steps=640, lr=0.05, intervals=(1, 2, 4))
    found = phases(run.data)
    assert [(phase.first, phase.last) for phase in found][-2:] == [(160, 320), (320, 640)]
    assert found[0].first == 0
    assert found[0].share.motion is Motion.DRIFT
