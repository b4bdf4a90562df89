"""The outcome in words: a model that learned is said to have, whatever its jumps did; noise never is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr

import szilard
from szilard.audit import Outcome, Verdict
from szilard.data import Dataset
from szilard.studies.kits.watched.learning import in_words, numbers, outcome_of

pytestmark = pytest.mark.slow


def told(accuracy: tuple[float, float] | None, entropy: tuple[float, float] | None, change: float) -> xr.Dataset:
    """A ledger of two rows over a hundred inputs."""
    columns = {
        "entropy_conditional": [2.3, 2.3 + change],
        "entropy_change": [0.0, change],
        "entropy_change_error": [0.0, 0.01],
    }
    if accuracy:
        columns |= {"accuracy": accuracy, "accuracy_error": [(p * (1 - p) / 100) ** 0.5 for p in accuracy]}
    if entropy:
        columns |= {"cross_entropy": entropy, "cross_entropy_error": [0.02, 0.02]}
    return xr.Dataset({name: ("step", list(values)) for name, values in columns.items()}, {"step": [0, 100]})


@pytest.mark.parametrize(
    ("accuracy", "entropy", "change", "outcome"),
    [
        ((0.11, 0.97), (2.3, 0.1), -2.2, Outcome.LEARNED),
        ((0.11, 0.60), (2.3, 2.25), -0.01, Outcome.LEARNED),  # early: still as uncertain, and right more often
        ((0.11, 0.97), (2.3, 3.0), -2.2, Outcome.LEARNED),  # overconfident
        ((0.95, 0.97), (0.4, 0.2), -0.01, Outcome.LEARNED),
        ((0.90, 0.50), (0.4, 2.0), -0.01, Outcome.WORSE),
        ((0.05, 0.14), (2.3, 2.31), 0.02, Outcome.NOTHING),  # an untrained model's chance
        ((0.11, 0.12), (2.3, 2.3), -0.5, Outcome.CHANGED),
        (None, None, -2.2, Outcome.CHANGED),
        (None, None, 0.01, Outcome.NOTHING),
    ],
)
def test_the_outcome(
    accuracy: tuple[float, float] | None, entropy: tuple[float, float] | None, change: float, outcome: Outcome
) -> None:
    ledger = told(accuracy, entropy, change)
    assert outcome_of(ledger) is outcome
    assert in_words(ledger, None).startswith(f"{outcome}: ")
    assert ("accuracy" in numbers(ledger)) == (accuracy is not None)


def test_without_labels_the_loss_tells() -> None:
    loss = 2.3 * np.exp(-np.arange(64) / 20)
    ledger = told(None, None, -0.01).reindex(step=np.arange(64), method="ffill").assign(loss=("step", loss))
    assert outcome_of(ledger) is Outcome.LEARNED
    assert "loss 1.9" in numbers(ledger)
    level = ledger.assign(loss=("step", 2.3 + 0.1 * np.random.default_rng(0).standard_normal(64)))
    assert outcome_of(level) is Outcome.NOTHING


@pytest.mark.parametrize(
    ("make", "batch"),
    [
        (lambda p: torch.optim.SGD(p, lr=0.1), 32),
        (lambda p: torch.optim.SGD(p, lr=0.5), 8),
        (lambda p: torch.optim.SGD(p, lr=0.1), 4),
        (lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9), 32),
        (lambda p: torch.optim.Adam(p, lr=1e-3), 32),
    ],
    ids=["SGD 0.1", "SGD 0.5, batch 8", "SGD 0.1, batch 4", "momentum", "Adam"],
)
def test_ordinary_trainings_are_said_to_have_learned(
    make: Callable[..., torch.optim.Optimizer], batch: int, digits: Dataset, tmp_path: Path
) -> None:
    generator = torch.Generator().manual_seed(0)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = torch.nn.Sequential(
            torch.nn.Flatten(), torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10)
        )
    optimizer = make(model.parameters())
    ppm = szilard.Classifier(model, digits.test_inputs, digits.test_labels)
    with szilard.Monitor(ppm, optimizer, out=tmp_path / "run", every=4, quiet=True) as monitor:
        for _ in range(800):
            index = torch.randint(len(digits.train_inputs), (batch,), generator=generator)
            loss = torch.nn.functional.cross_entropy(model(digits.train_inputs[index]), digits.train_labels[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            monitor.step(loss)
    run = szilard.open(tmp_path / "run")
    row = run.audit()["drift"]
    assert row.verdict is not Verdict.FAILED
    assert "The model learned: ΔS −" in row.detail
    assert "drift" not in run.audit().verdict
    lines = run.summary().splitlines()
    assert lines[2].startswith("  outcome       The model learned: ΔS −")
