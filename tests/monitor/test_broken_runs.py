"""A run that goes wrong: what was recorded before is kept, the place is marked, and training goes on."""

from __future__ import annotations

import errno
import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import szilard
from szilard import Classifier, Ledger, Monitor, SzilardError, SzilardWarning
from szilard.errors import RecordError
from szilard.records.journal import Journal
from szilard.records.store import Store

INPUTS = torch.linspace(-1, 1, 24).reshape(6, 4)


def linear() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(4, 3)


def monitor(out: Path, model: nn.Module | None = None, **settings: Any) -> Monitor:
    return Monitor(Classifier(model or linear(), INPUTS), None, out, **{"every": 1, "quiet": True} | settings)


def poison(value: float) -> Callable[[nn.Linear], None]:
    def at_once(model: nn.Linear) -> None:
        model.weight.data[0, 0] = value

    return at_once


def nothing(model: nn.Linear) -> None:
    pass


ALL = list(range(7))
FISHER = {"measures": [Ledger(every=1, fisher=True)]}

DURING: dict[str, tuple[Callable[[nn.Linear], None], Any, dict[str, Any], int, list[int], str]] = {
    "NaN weights": (poison(math.nan), 1.0, {}, 7, ALL, "is not finite: look for NaN or Inf in the model's logits"),
    "Inf weights": (poison(math.inf), 1.0, {}, 7, ALL, "is not finite"),
    "NaN weights between records": (poison(math.nan), 1.0, {"every": 5}, 10, [0, 5], "is not finite"),
    "NaN weights, Fisher form": (poison(math.nan), 1.0, FISHER, 7, ALL, "is not finite"),
    "NaN weights while timed": (poison(math.nan), 1.0, {"every": None, "budget": 0.9999}, 24, [0], "is not finite"),
    "NaN loss": (nothing, math.nan, {}, 7, ALL, "the training loss is not finite"),
    "Inf loss": (nothing, torch.tensor(math.inf), {}, 7, ALL, "the training loss is not finite"),
    "NaN in one of several losses": (nothing, torch.tensor([1.0, math.nan]), {}, 7, ALL, "loss is not finite"),
    "NaN loss between records": (nothing, math.nan, {"every": 4}, 7, [0, 4], "the training loss is not finite"),
    "NaN loss while timed": (nothing, math.nan, {"every": None}, 7, [0], "the training loss is not finite"),
}


@pytest.mark.parametrize(
    ("spoil", "loss", "settings", "broken_at", "kept", "because"),
    DURING.values(),
    ids=DURING.keys(),
)
def test_during_the_run(tmp_path, spoil, loss, settings, broken_at, kept, because):
    """What was recorded before is kept, the break is marked and warned of once, and training goes on."""
    model = linear()
    watch = monitor(tmp_path / "run", model, **settings)
    with pytest.warns(SzilardWarning) as warned:
        for step in range(1, 31):
            model.weight.data += 0.01
            if step == 7:
                spoil(model)
            watch.step(loss=loss if step == 7 else 1.0)
        run = watch.close()
    assert watch.broken
    assert len(warned) == 1
    assert re.search(rf"the run broke at step {broken_at}: .*{because}", str(warned[0].message))
    assert "What was recorded before is kept; training goes on." in str(warned[0].message)
    assert run.status == "broken"
    assert run.attributes["broken_at_step"] == broken_at
    assert because in run.attributes["broken_because"]
    assert run.data["step"].values.tolist() == kept
    assert np.isfinite(run.data["work"].values).all()
    assert "broke" in run.summary()
    assert run.tree["samples"]["step"].values.tolist() == kept


def test_the_earlier_of_two_breaks_is_marked(tmp_path):
    """Logits that were not finite at step 3, seen only when a loss that is not finite at step 6 brings it to light."""
    model = linear()
    watch = monitor(tmp_path / "run", model)
    with pytest.warns(SzilardWarning, match="broke at step 3") as warned:
        for step in range(1, 9):
            if step == 3:
                poison(math.nan)(model)
            watch.step(loss=math.nan if step == 6 else 1.0)
    assert len(warned) == 1
    assert watch.close().attributes["broken_at_step"] == 3


def test_a_break_at_the_very_end(tmp_path):
    model = linear()
    watch = monitor(tmp_path / "run", model, every=10)
    for _ in range(5):
        watch.step()
    poison(math.nan)(model)
    with pytest.warns(SzilardWarning, match="broke at step 5"):
        run = watch.close()
    assert (run.status, run.attributes["broken_at_step"]) == ("broken", 5)
    assert run.data["step"].values.tolist() == [0]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_exception_inside_the_with_block(tmp_path, error):
    """It goes on its way; the record is closed, and says why it ended."""
    with pytest.raises(error, match="my own"), monitor(tmp_path / "run") as watch:
        for step in range(1, 10):
            if step == 4:
                raise error("my own")
            watch.step()
    run = szilard.open(tmp_path / "run")
    assert run.status == "broken"
    assert run.attributes["broken_because"] == f"the loop ended with {error.__name__}"
    assert run.attributes["broken_at_step"] == 3
    assert run.data["step"].values.tolist() == [0, 1, 2, 3]


# At the end


def test_close_without_a_step(tmp_path):
    watch = monitor(tmp_path / "run")
    with pytest.raises(SzilardError, match=r"before its first step, .*: call monitor\.step\(\) after optimizer\.step"):
        watch.close()
    run = szilard.open(tmp_path / "run")
    assert run.status == "broken"
    assert run.data["step"].values.tolist() == [0]
    with pytest.raises(SzilardError, match="before its first step"), monitor(tmp_path / "with"):
        pass


def test_step_after_close(tmp_path):
    watch = monitor(tmp_path / "run")
    watch.step()
    watch.close()
    with pytest.raises(SzilardError, match="this monitor is closed: make a new one"):
        watch.step()
    assert watch.close().complete


# A full disk


def full(*arguments: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_stops_neither_training_nor_record(tmp_path):
    """One warning, rows kept in memory; close says what is missing, and once there is room it writes everything."""
    watch = monitor(tmp_path / "run")
    watch.step(loss=1.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Journal, "append", full)
        patch.setattr(Store, "commit", full)
        with pytest.warns(SzilardWarning, match=r"No space left on device.*training goes on.*make room") as warned:
            for _ in range(40):
                watch.step(loss=1.0)
            with pytest.raises(RecordError, match=r"could not be written: No space left .*; make room and call close"):
                watch.close()
        assert len(warned) == 1
    run = watch.close()
    assert run.complete
    assert run.data["step"].values.tolist() == list(range(42))
    assert run.tree["samples"]["step"].values[-1] == 41


def test_the_loops_own_error_is_not_hidden_by_a_full_disk(tmp_path):
    with (
        pytest.MonkeyPatch.context() as patch,
        pytest.warns(SzilardWarning, match="could not be written|cannot be written"),
        pytest.raises(ValueError, match="my own"),
        monitor(tmp_path / "run") as watch,
    ):
        watch.step()
        patch.setattr(Journal, "append", full)
        patch.setattr(Store, "commit", full)
        raise ValueError("my own")
