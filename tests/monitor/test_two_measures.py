"""Two measures with rhythms of their own do not disturb one another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

import szilard
from szilard.models.precision import Precision
from szilard.monitor import Occasion
from szilard.monitor.rows import Rows
from szilard.records.schema import Group, Variable


class Counting:
    """A recorder that writes the step of each of its records."""

    groups = (Group("counting", (Variable("number", "the step itself", "step"),)),)
    precision = Precision("float32", torch.finfo(torch.float32).eps)
    full = False

    def __init__(self) -> None:
        self.steps: list[int] = []

    def observe(self, occasion: Occasion) -> None:
        self.steps.append(occasion.step)

    def rows(self) -> list[Rows]:
        steps, self.steps = self.steps, []
        values = torch.tensor(steps, dtype=torch.float64).reshape(-1, 1)
        return [Rows("counting", steps, {"number": None}, values)] if steps else []

    def finish(self) -> list[Rows]:
        return []

    def rehearse(self, clock: object) -> float:
        return 0.0


@dataclass
class Count:
    every: int | None = None

    def start(self, ppm: object, seed: int, optimizer: object) -> Counting:
        return Counting()


def test_a_second_measure_does_not_use_up_the_loss(tmp_path: Path) -> None:
    ppm = szilard.Classifier(torch.nn.Linear(4, 3), torch.eye(4))
    measures = [szilard.Ledger(every=10), Count(every=3)]
    with szilard.Monitor(ppm, out=tmp_path / "run", measures=measures, quiet=True) as monitor:
        for step in range(1, 31):
            monitor.step(loss=float(step))
    run = szilard.open(tmp_path / "run")
    assert run.data["loss"].values[1:].tolist() == [5.5, 15.5, 25.5]
    assert run.tree["counting"]["number"].values.tolist() == list(range(0, 31, 3))
