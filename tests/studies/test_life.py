"""A run that writes at its end has its place from the beginning."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from szilard.errors import RecordError
from szilard.records import claim as claims
from szilard.records.claim import LOCK, Claim
from szilard.records.reader import read
from szilard.records.schema import Group, Variable
from szilard.studies.life import Options, Row, Whole, carry_out_whole


class Tiny(Whole):
    """Measures nothing, and does something meanwhile."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        self.spec: Any = SimpleNamespace(name="tiny", study="tiny", seed=0, device="cpu", threads=1, as_table=dict)
        self.told, self.total, self._meanwhile = "nothing", 1, meanwhile

    def seconds(self) -> float:
        return 0.0

    def measure(self, advance: Callable[[int], None]) -> None:
        self._meanwhile()
        advance(1)

    def groups(self) -> tuple[Group, ...]:
        return (Group("tiny", (Variable("value", "a value", "1"),)),)

    def rows(self) -> Iterator[Row]:
        yield "tiny", 0, {"value": 1.0}


def test_nobody_takes_its_place_while_it_measures(tmp_path: Path) -> None:
    out = tmp_path / "run"

    def meanwhile() -> None:
        with pytest.raises(RecordError, match="is being written by this process"):
            Claim.take(out)

    carry_out_whole(Tiny(meanwhile), "none", out, Options(quiet=True))
    assert read(out)["tiny/value"].values.tolist() == [1.0]
    carry_out_whole(Tiny(meanwhile), "none", out, Options(quiet=True, overwrite=True))
    assert sorted(path.name for path in out.iterdir()) == ["journal.jsonl", "record.zarr"]


def test_while_it_measures_it_tells_that_it_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the file system knows no locks, and the age of a file is all that others see."""
    monkeypatch.setattr(claims, "lock", lambda file: None)
    monkeypatch.setattr(claims, "locked_by_other", lambda file: None)
    monkeypatch.setattr(claims, "_PATIENCE", 0.02)
    out, ages = tmp_path / "run", []

    class Long(Tiny):
        def measure(self, advance: Callable[[int], None]) -> None:
            os.utime(out / LOCK, (0, 0))
            advance(1)
            ages.append((out / LOCK).stat().st_mtime)
            with pytest.raises(RecordError, match="is being written by this process"):
                Claim.take(out)

    carry_out_whole(Long(lambda: None), "none", out, Options(quiet=True))
    assert ages[0] > 0


def test_interrupted_it_leaves_nothing(tmp_path: Path) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        carry_out_whole(Tiny(interrupted), "none", tmp_path / "run", Options(quiet=True))
    assert not (tmp_path / "run").exists()
