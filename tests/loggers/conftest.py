"""One short training that any logger can be given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F

import szilard

STEPS = 40
LAYER = "a(b|c)%²"
"""A layer's name that some loggers refuse."""


def network() -> torch.nn.Sequential:
    """Two layers, one of them with a name of its own."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(4, 5))
    model.add_module(LAYER, torch.nn.Linear(5, 3))
    return model


@pytest.fixture(name="train")
def _train(tmp_path: Path) -> Callable[..., szilard.Run]:
    """Trains with these loggers, and returns the run."""

    def train(loggers: Sequence[Any], each_step: Callable[[int], Any] = lambda step: None, **more: Any) -> szilard.Run:
        model = network()
        inputs = torch.randn(64, 4, generator=torch.Generator().manual_seed(1))
        labels = inputs.argmax(1) % 3
        optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
        measures = [
            szilard.Ledger(every=2),
            szilard.Reservoir(F.cross_entropy, (inputs, labels), batch_size=16, every=20),
        ]
        settings = {
            "measures": measures,
            "quiet": True,
            "out": tmp_path / "run",
            "labels": labels[:16],
            "overwrite": True,
        }
        with szilard.watch(model, optimizer, inputs[:16], loggers=loggers, **settings | more) as monitor:
            for step in range(STEPS):
                chosen = torch.randint(64, (16,))
                loss = F.cross_entropy(model(inputs[chosen]), labels[chosen])
                optimizer.zero_grad()
                loss.backward()
                monitor.loss(loss)
                optimizer.step()
                each_step(step)
        return szilard.open(monitor.close().path)

    return train


@pytest.fixture(name="expected")
def _expected() -> Callable[[szilard.Run], dict[str, dict[int, float]]]:
    """What a logger should hold of a run's ledger: by name, the value at each step."""

    def expected(run: szilard.Run) -> dict[str, dict[int, float]]:
        ledger = run.tree["ledger"]
        steps = ledger["step"].values.tolist()
        names = ("work", "work_error", "heat", "energy", "accuracy", "loss")
        columns = {f"szilard/{name}": dict(zip(steps, ledger[name].values.tolist(), strict=True)) for name in names}
        reservoir = run.tree["reservoir"]
        heat = reservoir["temperature_noise"].sel(group=LAYER)
        columns[f"szilard/temperature_noise/{LAYER}"] = dict(
            zip(reservoir["step"].values.tolist(), heat.values.tolist(), strict=True)
        )
        return {
            name: {step: value for step, value in column.items() if value == value} for name, column in columns.items()
        }

    return expected
