"""A run that goes wrong: what was recorded before is kept, the place is marked, and training goes on."""

from __future__ import annotations

import errno
import math
import os
import re
import warnings
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
from szilard.monitor.loop import LossSum
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


ALL = list(range(7))
OF_LOSS = "the training loss is not finite"
FISHER = {"measures": [Ledger(every=1, fisher=True)]}

DURING: dict[str, tuple[Callable[[nn.Linear], None], Any, dict[str, Any], int, list[int], str]] = {
    "NaN weights": (poison(math.nan), 1.0, {}, 7, ALL, "is not finite: look for NaN or Inf in the model's logits"),
    "Inf weights": (poison(math.inf), 1.0, {}, 7, ALL, "is not finite"),
    "NaN weights between records": (poison(math.nan), 1.0, {"every": 5}, 10, [0, 5], "is not finite"),
    "NaN weights, Fisher form": (poison(math.nan), 1.0, FISHER, 7, ALL, "is not finite"),
    "NaN weights while timed": (poison(math.nan), 1.0, {"every": None, "budget": 0.9999}, 7, ALL, "is not finite"),
    "NaN loss": (poison(math.nan), math.nan, {}, 7, ALL, OF_LOSS),
    "Inf loss": (poison(math.nan), torch.tensor(math.inf), {}, 7, ALL, OF_LOSS),
    "NaN in one of several losses": (poison(math.nan), torch.tensor([1.0, math.nan]), {}, 7, ALL, OF_LOSS),
    "NaN loss between records": (poison(math.nan), math.nan, {"every": 4}, 7, [0, 4], OF_LOSS),
    "NaN loss while timed": (poison(math.nan), math.nan, {"every": None}, 7, ALL, OF_LOSS),
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


GAPS: dict[str, tuple[Any, dict[str, Any]]] = {
    "NaN": (math.nan, {}),
    "Inf": (torch.tensor(math.inf), {}),
    "NaN in one of several": (torch.tensor([1.0, math.nan]), {}),
    "between records": (math.nan, {"every": 4}),
    "while timed": (math.nan, {"every": None}),
}


@pytest.mark.parametrize(("loss", "settings"), GAPS.values(), ids=GAPS.keys())
def test_a_loss_that_is_not_finite_is_a_gap(tmp_path, loss, settings):
    """Where its step was left out the model is sound: the record goes on, and counts it."""
    model = linear()
    watch = monitor(tmp_path / "run", model, **settings)
    for step in range(1, 31):
        model.weight.data += 0.01
        watch.step(loss=loss if step in (7, 8) else 1.0)
    run = watch.close()
    assert run.status == "complete"
    assert run.attributes["loss_gaps"] == 2
    assert run.data["step"].values[-1] == 30
    values, steps = run.data["loss"].values, run.data["step"].values
    alone = (steps >= 7) & (steps <= 8) & (run.data["interval"].values == 1)
    assert np.isnan(values[alone]).all()
    assert (values[~alone & (steps > 0)] == 1).all()
    assert "2 training steps had no finite loss" in run.summary()


def test_losses_on_a_device_are_added_up_alike():
    """Together where they lie, by the same rules."""
    losses = [1.0, math.nan, 3.0, math.inf, 5.0]
    one_by_one = LossSum()
    for each in losses:
        one_by_one = one_by_one.and_one(each)
    together = LossSum().and_all([torch.tensor(each, dtype=torch.float64) for each in losses[:2]])
    together = together.and_all([torch.tensor(each, dtype=torch.float64) for each in losses[2:]])
    assert (int(together.count), int(together.gaps)) == (one_by_one.count, one_by_one.gaps) == (3, 2)
    assert together.estimate() == one_by_one.estimate() == {"loss": 3.0, "loss_error": pytest.approx(2 / math.sqrt(3))}


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


def head_grown(model: nn.Module) -> None:
    model[0] = nn.Linear(4, 5)  # type: ignore[operator]


def head_lost(model: nn.Module) -> None:
    del model[0]  # type: ignore[operator]


ALTERATIONS: dict[str, Callable[[nn.Module], Any]] = {
    "double": nn.Module.double,
    "half": nn.Module.half,
    "meta": lambda model: model.to("meta"),
    "a layer replaced": head_grown,
    "a layer lost": head_lost,
}


def altered(tmp_path: Path, name: str, at: int, every: int) -> tuple[szilard.Run, list[str]]:
    """Seven steps beside a ledger and a sampled route, and the model made into another one at step ``at``."""
    model = nn.Sequential(linear())
    watch = monitor(tmp_path / "run", model, every=every)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for step in range(1, 8):
            if step == at:
                ALTERATIONS[name](model)
            elif step < at:
                model[0].weight.data += 0.01
            watch.step()
        if at > 7:
            ALTERATIONS[name](model)
        return watch.close(), [str(each.message) for each in caught]


@pytest.mark.parametrize("name", ALTERATIONS)
def test_a_model_altered_after_its_last_step_costs_its_last_record_alone(tmp_path: Path, name: str) -> None:
    run, said = altered(tmp_path, name, at=8, every=2)
    assert (run.status, run.data["step"].values.tolist()) == ("complete", [0, 2, 4, 6])
    assert run.tree["samples"]["step"].values.tolist() == [0, 2, 4, 6]
    assert len(said) == 1 and "the record ends before step 7" in said[0]


@pytest.mark.parametrize("name", ALTERATIONS)
def test_a_model_altered_in_mid_run_ends_the_record_and_not_the_training(tmp_path: Path, name: str) -> None:
    run, said = altered(tmp_path, name, at=4, every=1)
    assert (run.status, run.data["step"].values.tolist()) == ("broken", [0, 1, 2, 3])
    assert len(said) == 1 and "the run broke at step 4: " in said[0] and "watch the altered" in said[0]


def test_the_last_record_is_the_same_however_rows_were_written(tmp_path: Path) -> None:
    """The last one is made after what came before is written, and comes out as if all had waited."""
    runs = []
    for flushed in (False, True):
        model = linear()
        watch = monitor(tmp_path / f"run{flushed}", model, every=2)
        for step in range(1, 8):
            model.weight.data += 0.1 * step
            watch.step()
            if flushed:
                watch._session.flush()
        runs.append(watch.close())
    assert runs[0].data["step"].values.tolist() == [0, 2, 4, 6, 7]
    for name in ("work", "heat", "length", "entropy_conditional", "work_by_interval"):
        assert np.array_equal(*(run.data[name].values for run in runs), equal_nan=True), name
