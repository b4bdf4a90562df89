"""How often to record: fixed by the user, or once from a share of the loop's time."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from szilard import Classifier, Ledger, Monitor
from szilard.errors import SpecError, SzilardWarning
from szilard.models.precision import Precision
from szilard.monitor import Occasion
from szilard.monitor import schedule as schedule_module
from szilard.monitor.calibration import Calibration, RecordingBudget
from szilard.monitor.doubling import DoublingInterval
from szilard.monitor.ledger.recorder import LedgerRecorder
from szilard.monitor.rows import Rows
from szilard.records.schema import Group, Variable


class Clock:
    """Time passes only when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The monitor's clock for calibration; a rehearsed record takes 30 ms, and every step of the beginning is too much.

    The dense beginning has its own tests, in test_doubling.py.
    """
    fake = Clock()
    monkeypatch.setattr(DoublingInterval, "affordable", staticmethod(lambda record_seconds: False))
    monkeypatch.setattr(schedule_module, "device_time", lambda device: fake())

    def rehearse(self: LedgerRecorder, clock: Callable[[], float]) -> float:
        fake.now += 0.03
        return 0.03

    monkeypatch.setattr(LedgerRecorder, "rehearse", rehearse)
    return fake


def loop(monitor: Monitor, model: nn.Module, clock: Clock, steps: int, seconds: float = 0.01) -> None:
    """Steps of noise, of equal length."""
    for _ in range(steps):
        clock.now += seconds
        with torch.no_grad():
            for parameter in model.parameters():
                parameter += 0.1 * torch.randn_like(parameter)
        monitor.step(loss=1.0)


def watched(out: Path, **settings: object) -> tuple[nn.Module, Monitor]:
    torch.manual_seed(0)
    model = nn.Linear(4, 3)
    return model, Monitor(Classifier(model, torch.eye(4)), None, out, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(("budget", "every"), [(0.05, 150), (0.1, 75), (0.5, 15), (0.99, 8)])
def test_every_is_chosen_once_from_the_budget(tmp_path, clock, capsys, budget, every):
    """A record takes 30 ms and a step 10 ms; two fifths of the budget are for records."""
    model, monitor = watched(tmp_path / "run", budget=budget)
    loop(monitor, model, clock, 24 + 3 * every)
    run = monitor.close()
    assert run.data["step"].values.tolist() == [0, 24, 24 + every, 24 + 2 * every, 24 + 3 * every]
    said = capsys.readouterr().err
    assert re.fullmatch(
        rf"szilard: recording every {every} steps: a record takes 30\.00 ms, a step 10\.00 ms, "
        rf"and watching may take {100 * budget:g} % of the time, what records delay included\.\n"
        rf"szilard: 5 records of {24 + 3 * every:,} steps, every {every} steps\. "
        rf"More: a budget above {100 * budget:g} %, or every=… by your own choice\.\n",
        said,
    )
    attributes = run.attributes
    assert attributes["every"] == every
    assert (attributes["every_chosen_by"], attributes["budget"]) == ("budget", budget)
    timed = attributes["calibration"]
    assert timed["record_seconds"] == pytest.approx(0.03)
    assert timed["step_seconds"] == pytest.approx(0.01)
    assert timed["steps"] == 24


def test_the_interval_stays_when_the_loop_gets_slower(tmp_path, clock):
    model, monitor = watched(tmp_path / "run", budget=0.5, quiet=True)
    loop(monitor, model, clock, 24)
    loop(monitor, model, clock, 32, seconds=5.0)
    assert monitor.close().data["step"].values.tolist() == [0, *range(24, 57, 15), 56]


def test_intervals_are_counted_from_the_end_of_the_calibration(tmp_path, clock):
    """W(k) leaves out the long first jump and the ragged last one, alike for every interval."""
    model, monitor = watched(tmp_path / "run", budget=0.99, path_intervals=(1, 2, 3), quiet=True)
    loop(monitor, model, clock, 24 + 7 * 8 + 2)
    ledger = monitor.close().data
    assert ledger["step"].values.tolist() == [0, *range(24, 81, 8), 82]
    assert ledger["interval"].values.tolist() == [0, 24, *[8] * 7, 2]
    assert ledger["path_interval"].values.tolist() == [8, 16, 24]
    records = np.array([0, 0, 1, 2, 3, 4, 5, 6, 7, 7])
    for column, multiple in enumerate((1, 2, 3)):
        jumps = records // multiple
        assert ledger["jumps_by_interval"].values[:, column].tolist() == jumps.tolist()
        assert ledger["steps_by_interval"].values[:, column].tolist() == (8 * multiple * jumps).tolist()
    work = ledger["work"].values
    finest = np.concatenate([[0], work[1:-1] - work[1], [work[-2] - work[1]]])
    np.testing.assert_allclose(ledger["work_by_interval"].values[:, 0], finest, rtol=1e-12)
    assert (ledger["work_by_interval"].values[1] == 0).all()


def test_a_run_shorter_than_the_calibration_has_its_first_and_last_model(tmp_path, clock, capsys):
    model, monitor = watched(tmp_path / "run")
    loop(monitor, model, clock, 10)
    run = monitor.close()
    assert run.data["step"].values.tolist() == [0, 10]
    assert run.data["work"].values[-1] > 0
    assert run.complete
    assert run.attributes["every"] is None
    assert run.data["jumps_by_interval"].values.max() == 0
    said = capsys.readouterr().err
    assert "the run ended at step 10, before an interval was found" in said and "give every=… for more" in said


def test_every_is_kept_as_given(tmp_path, clock, capsys):
    model, monitor = watched(tmp_path / "run", every=4)
    loop(monitor, model, clock, 30)
    run = monitor.close()
    assert run.data["step"].values.tolist() == [*range(0, 29, 4), 30]
    assert (run.attributes["every"], run.attributes["every_chosen_by"]) == (4, "user")
    assert run.attributes["budget"] is None
    assert run.attributes["path_intervals"] == [1, 2, 4, 8, 16, 32]
    assert run.attributes["samples_per_input"] == 64
    assert run.data["path_interval"].values.tolist() == [4, 8, 16, 32, 64, 128]
    assert capsys.readouterr().err == ""


def test_quiet_prints_nothing(tmp_path, clock, capsys):
    model, monitor = watched(tmp_path / "run", quiet=True)
    loop(monitor, model, clock, 30)
    monitor.close()
    assert capsys.readouterr() == ("", "")


def test_a_rehearsal_leaves_no_trace(tmp_path):
    """With the real rehearsal, the records are those of a run that was never calibrated."""
    runs = []
    for name, settings in (("rehearsed", {"budget": 0.9999}), ("plain", {"every": 1})):
        model, monitor = watched(tmp_path / name, quiet=True, **settings)
        torch.manual_seed(5)
        loop(monitor, model, Clock(), 24)
        runs.append(monitor.close())
    ours, theirs = (run.tree["ledger"].to_dataset() for run in runs)
    assert ours["step"].values.tolist() == theirs["step"].values.tolist() == [*range(25)]
    for name in ("work", "heat", "length", "energy", "precision_floor"):
        np.testing.assert_array_equal(ours[name].values, theirs[name].values)
    samples, others = (run.tree["samples"].to_dataset() for run in runs)
    assert samples.identical(others)


# Calibration by itself


def calibrate(step_seconds: list[float], record_seconds: list[float], budget: float = 0.05) -> Calibration:
    clock, records = Clock(), iter(record_seconds)

    def rehearse() -> float:
        seconds = next(records)
        clock.now += seconds
        return seconds

    calibration = Calibration([RecordingBudget(budget, rehearse)], clock)
    for seconds in step_seconds:
        clock.now += seconds
        if calibration.step():
            break
    return calibration


def test_medians_resist_a_slow_step_and_a_slow_record():
    steps = [0.01] * 24
    steps[10] = 3.0
    calibration = calibrate(steps, [0.02, 5.0, 0.02])
    assert calibration.step_seconds == pytest.approx(0.01)
    (budget,) = calibration.budgets
    assert budget.record_seconds == pytest.approx(0.02)
    assert budget.every(calibration.step_seconds) == 100  # 0.02 / (0.4 × 0.05 × 0.01)


def test_warming_up_does_not_count():
    assert calibrate([9.0, 9.0, 9.0, *[0.01] * 21], [0.02] * 3).step_seconds == pytest.approx(0.01)


def test_slow_steps_end_it_sooner():
    calibration = calibrate([4.0] * 24, [0.05] * 3)
    assert calibration.steps == 8
    assert calibration.budgets[0].every(calibration.step_seconds) == 1


def test_the_promise_is_kept():
    """Records every k steps take at most two fifths of the budget of an unwatched loop's time."""
    for budget in (0.01, 0.05, 0.3):
        calibration = calibrate([0.004] * 24, [0.0017] * 3, budget)
        every = calibration.budgets[0].every(calibration.step_seconds)
        assert 0.0017 / (every * 0.004) <= 0.4 * budget
        if every > 1:
            assert 0.0017 / ((every - 1) * 0.004) > 0.4 * budget


# Several measures


class Ticks:
    """A recorder that notes its steps and costs nothing."""

    groups = (Group("ticks", (Variable("tick", "the step itself", "step"),)),)
    precision = Precision("float32", 1e-7)
    full = False

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.waiting: list[Occasion] = []

    def observe(self, occasion: Occasion) -> None:
        self.clock.now += 0.7
        self.waiting.append(occasion)

    def rows(self) -> list[Rows]:
        steps, self.waiting = [occasion.step for occasion in self.waiting], []
        return [Rows("ticks", steps, {"tick": None}, torch.tensor(steps).double().reshape(-1, 1))] if steps else []

    def finish(self) -> list[Rows]:
        return []

    def rehearse(self, clock: Callable[[], float]) -> float:
        return 0.01


@dataclass
class Tick:
    """Such a measure."""

    clock: Clock
    every: int | None = None

    def start(self, ppm: object, seed: int, optimizer: object) -> Ticks:
        return Ticks(self.clock)


def test_a_fixed_measure_keeps_its_rhythm_while_another_is_calibrated(tmp_path, clock):
    """Its records, 0.7 s each, do not count as the loop's steps."""
    measures = [Ledger(), Tick(clock, every=5)]
    model, monitor = watched(tmp_path / "run", measures=measures, budget=0.5, quiet=True)
    loop(monitor, model, clock, 40)
    run = monitor.close()
    assert run.data["step"].values.tolist() == [0, 24, 39, 40]
    assert run.tree["ticks"]["tick"].values.tolist() == [*range(0, 41, 5)]
    assert run.attributes["calibration"]["step_seconds"] == pytest.approx(0.01)
    assert run.attributes["every"] == 15


def test_measures_without_an_interval_share_the_budget(tmp_path, clock):
    model, monitor = watched(tmp_path / "run", measures=[Ledger(), Tick(clock)], budget=0.5, quiet=True)
    loop(monitor, model, clock, 24)
    run = monitor.close()
    assert run.attributes["calibration"]["record_seconds"] == pytest.approx(0.04)
    assert run.tree["ticks"]["tick"].values.tolist() == [0, 24]


def test_a_ledgers_own_interval_prevails(tmp_path, clock):
    ledger = Ledger(every=3, path_intervals=(2,), samples=5)
    with pytest.raises(SpecError, match=r"path_intervals are those of the default ledger"):
        watched(tmp_path / "run", measures=[ledger], path_intervals=(1, 9))
    model, monitor = watched(tmp_path / "run", measures=[ledger], every=7, quiet=True)
    loop(monitor, model, clock, 9)
    run = monitor.close()
    assert run.data["step"].values.tolist() == [0, 3, 6, 9]
    assert run.attributes["every"] == 3
    assert run.attributes["path_intervals"] == [1, 2]
    assert run.attributes["samples_per_input"] == 5


def test_the_record_speaks_of_the_ledgers_interval_whatever_stands_first(tmp_path, clock):
    measures = [Tick(clock, every=5), Ledger(every=3, path_intervals=(1, 2))]
    model, monitor = watched(tmp_path / "fixed", measures=measures, quiet=True)
    loop(monitor, model, clock, 6)
    run = monitor.close()
    assert run.attributes["every"] == 3
    assert run.data["path_interval"].values.tolist() == [3, 6]
    model, monitor = watched(tmp_path / "timed", measures=[Tick(clock), Ledger(every=3)], budget=0.5, quiet=True)
    loop(monitor, model, clock, 30)
    run = monitor.close()
    assert (run.attributes["every"], run.attributes["every_chosen_by"]) == (3, "user")
    assert run.data["step"].values.tolist() == list(range(0, 31, 3))


@pytest.mark.parametrize("budget", [0, 1, -0.1, 5, float("nan")])
def test_a_budget_is_a_share(tmp_path, budget):
    with pytest.raises(SpecError, match=r"between 0 and 1, .*: 0\.05 is 5 %"):
        watched(tmp_path / "run", budget=budget)
    assert not (tmp_path / "run").exists()


# Measures with a budget of their own, and those that look at steps


class Steps(Ticks):
    """Follows three steps after each record."""

    groups = (Group("steps", (Variable("followed", "steps followed so far", "step"),)),)
    least_every = 4

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.seen: list[int] = []
        self.left = 0
        self.taken_off = False

    @property
    def following(self) -> bool:
        return self.left > 0

    def observe(self, occasion: Occasion) -> None:
        if not occasion.ragged:
            self.waiting.append(occasion)
            self.left = 3

    def follow(self, step: int) -> None:
        self.clock.now += 0.2  # dear, but no step of the loop's own
        self.seen.append(step)
        self.left -= 1

    def leave(self) -> None:
        self.taken_off = True

    def rows(self) -> list[Rows]:
        steps, self.waiting = [occasion.step for occasion in self.waiting], []
        values = torch.full((len(steps), 1), float(len(self.seen)), dtype=torch.float64)
        return [Rows("steps", steps, {"followed": None}, values)] if steps else []

    def rehearse(self, clock: Callable[[], float]) -> float:
        return 0.05


@dataclass
class Follow:
    """Such a measure."""

    recorder: Steps
    every: int | None = None
    budget: float = 0.1

    def start(self, ppm: object, seed: int, optimizer: object) -> Steps:
        return self.recorder


def test_a_measure_with_a_budget_gets_an_interval_of_its_own(tmp_path, clock, capsys):
    """Its record takes 50 ms, two fifths of a tenth of steps of 10 ms; the ledger's 30 ms and half of the time."""
    follower = Steps(clock)
    model, monitor = watched(tmp_path / "run", measures=[Ledger(), Follow(follower)], budget=0.5)
    loop(monitor, model, clock, 3 + 24 + 130)
    run = monitor.close()
    assert run.attributes["every"] == 15
    assert run.attributes["steps_every"] == 125
    assert (run.attributes["budget"], run.attributes["steps_budget"]) == (0.5, 0.1)
    assert run.attributes["calibration"]["step_seconds"] == pytest.approx(0.01)  # steps that are followed do not count
    assert run.attributes["steps_calibration"]["record_seconds"] == pytest.approx(0.05)
    assert run.tree["steps"]["step"].values.tolist() == [0, 27, 152]
    assert run.data["step"].values.tolist() == [0, *range(27, 157, 15), 157]
    assert follower.seen == [1, 2, 3, 28, 29, 30, 153, 154, 155]
    assert follower.taken_off
    said = capsys.readouterr().err
    assert "recording every 15 steps: a record takes 30.00 ms" in said
    assert "recording the steps every 125 steps: a record takes 50.00 ms" in said


def test_the_monitors_interval_is_not_that_of_a_measure_with_a_budget(tmp_path, clock):
    follower = Steps(clock)
    model, monitor = watched(tmp_path / "run", measures=[Ledger(), Follow(follower, budget=0.99)], every=5, quiet=True)
    loop(monitor, model, clock, 50)
    run = monitor.close()
    assert (run.attributes["every"], run.attributes["every_chosen_by"], run.attributes["budget"]) == (5, "user", None)
    assert run.data["step"].values.tolist() == list(range(0, 51, 5))
    assert run.attributes["steps_every"] == 13


def test_records_that_take_several_steps_never_meet(tmp_path, clock):
    follower = Steps(clock)
    follower.rehearse = lambda clock: 1e-6  # type: ignore[method-assign]
    model, monitor = watched(tmp_path / "run", measures=[Follow(follower)], quiet=True)
    loop(monitor, model, clock, 60)
    assert monitor.close().attributes["every"] == 4


def test_whoever_follows_leaves_a_run_that_breaks(tmp_path, clock):
    follower = Steps(clock)
    model, monitor = watched(tmp_path / "run", measures=[Ledger(every=5), Follow(follower)], quiet=True)
    with torch.no_grad():
        next(model.parameters()).fill_(float("nan"))
    with pytest.warns(SzilardWarning, match="the training loss is not finite"):
        monitor.step(loss=float("nan"))
    monitor.close()
    assert follower.taken_off
