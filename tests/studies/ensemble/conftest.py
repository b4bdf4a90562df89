"""A small ensemble on points in the plane: seconds to train, with something to learn and something to memorise."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import szilard
from szilard import SGD, Design, Disjoint, Experiment, Probe, Training, data, factory, geometric


def points(examples: int = 240, classes: int = 3) -> data.Dataset:
    """Clouds in the plane that overlap a little."""
    generator = torch.Generator().manual_seed(1)
    labels = torch.arange(examples) % classes
    angle = labels * (2 * torch.pi / classes)
    inputs = torch.stack([angle.cos(), angle.sin()], 1) * 1.5 + torch.randn(examples, 2, generator=generator)
    return data.from_arrays(inputs, labels, inputs[:40] + 0.1, labels[:40], name="points")


SMALL = Experiment(
    model=factory("nets:mlp", widths=[2, 16, 3]),
    data=points(),
    training=Training(optimizer=SGD(lr=0.2), batch_size=8, steps=120),
    probe=Probe(size=30),
    design=Design(datasets=Disjoint(4, size=40, label_noise=0.2), seeds=2),
    record_at=geometric(6),
    blocks=(1, 2),
    threads=1,
    name="small",
)


@pytest.fixture(scope="session")
def small() -> Experiment:
    """Four data sets of two seeds."""
    return SMALL


Run = Callable[..., szilard.Run]


@pytest.fixture
def train(tmp_path: Path) -> Run:
    """Runs :data:`SMALL` with changes, quietly, in a directory of its own."""
    made = iter(range(1000))

    def run(experiment: Experiment = SMALL, *, where: Path | None = None, **changes: object) -> szilard.Run:
        options = {
            name: changes.pop(name)
            for name in ("executor", "resume", "overwrite", "keep_checkpoints")
            if name in changes
        }
        place = where or tmp_path / f"run-{next(made)}"
        return szilard.run(dataclasses.replace(experiment, **changes), place, quiet=True, **options)

    return run
