"""What tests of the live page share: records that are written row by row, and a board that is looked at by hand."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from szilard.estimate import Kind
from szilard.records.schema import ERROR_OVER_INPUTS, Group, Variable
from szilard.records.writer import RecordWriter

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))  # of the browser

LEDGER = (
    Variable("work", "work W", "nat", Kind.EXACT, True, ERROR_OVER_INPUTS),
    Variable("cross_entropy", "cross-entropy on the probe", "nat", Kind.UNBIASED, False, ERROR_OVER_INPUTS),
    Variable("loss", "training loss", "as given"),
)
RESERVOIR = (Variable("temperature_noise", "temperature", "loss", Kind.ASYMPTOTIC, dims=("group",)),)


@pytest.fixture
def begin(tmp_path: Path) -> Callable[..., RecordWriter]:
    """Begins a record of a ledger and a reservoir of two layers, at a name below the test's directory."""

    def begun(name: str = "run", **settings: Any) -> RecordWriter:
        groups = [Group("ledger", LEDGER), Group("reservoir", RESERVOIR, {"group": (0, 1)})]
        attributes = {"probe": {"inputs": 100}, "coordinate_names": {"reservoir/group": ["first", "<b>last</b>"]}}
        return RecordWriter(tmp_path / name, groups=groups, attributes=attributes, **settings)

    return begun


def row(step: int, scale: float = 1.0) -> dict[str, Any]:
    """A row of the ledger."""
    return {"work": scale * step, "work_error": 0.1, "cross_entropy": 1.0, "cross_entropy_error": 0.1, "loss": 0.5}


@pytest.fixture
def write() -> Callable[..., None]:
    """Writes rows of the ledger from one step up to another."""

    def written(writer: RecordWriter, start: int, stop: int, scale: float = 1.0) -> None:
        writer.extend(("ledger", step, row(step, scale)) for step in range(start, stop))

    return written
