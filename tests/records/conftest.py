"""A small record like the real ones: scalars with errors, a vector column, an integer, a second group."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from szilard.estimate import Kind
from szilard.records.schema import ERROR_OVER_INPUTS, Group, Variable
from szilard.records.writer import RecordWriter

LEDGER = Group(
    "ledger",
    (
        Variable("interval", "training steps since the previous record", "step", integer=True),
        Variable("work", "work W", "nat", Kind.EXACT, True, ERROR_OVER_INPUTS, "W = sum_t KL(p_{t-1}||p_t)"),
        Variable("loss", "training loss", "as given", None),
        Variable(
            "work_by_interval", "work W(k)", "nat", Kind.EXACT, True, ERROR_OVER_INPUTS, "W(k)", ("path_interval",)
        ),
    ),
    {"path_interval": (10, 20, 40)},
)
SAMPLES = Group(
    "samples",
    (
        Variable("heat_sampled", "heat Q", "nat", Kind.UNBIASED, True, "standard error", "Q"),
        Variable("ep_histogram", "histogram", "1", dims=("bin",), integer=True),
    ),
    {"bin": (0, 1, 2, 3)},
)
ATTRIBUTES: dict[str, Any] = {"name": "small", "kind_of_run": "single", "every": 10, "probe": {"inputs": 64}}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where rows go that cannot be written where they belong."""
    place = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


@pytest.fixture
def groups() -> tuple[Group, Group]:
    """The two groups of the small record."""
    return LEDGER, SAMPLES


@pytest.fixture
def row() -> Callable[[int], dict[str, Any]]:
    """The ledger's row number ``i``, no two alike."""

    def make(i: int) -> dict[str, Any]:
        value = math.sin(i) + i
        return {
            "interval": 10,
            "work": value,
            "work_error": value / 7,
            "loss": 1 / (i + 1),
            "work_by_interval": [value, value / 3, math.nan],
            "work_by_interval_error": [0.1, 0.2, 0.3],
        }

    return make


@pytest.fixture
def writer(tmp_path: Path, groups: tuple[Group, Group]) -> RecordWriter:
    """A fresh one, at ``tmp_path / "run"``."""
    return RecordWriter(tmp_path / "run", groups=groups, attributes=ATTRIBUTES)


ROWS = 5
"""Of the complete record."""


@pytest.fixture
def record(writer: RecordWriter, row: Callable[[int], dict[str, Any]]) -> Path:
    """A complete record of five rows."""
    for i in range(ROWS):
        writer.append("ledger", 10 * i, row(i))
    writer.close()
    return writer.path
