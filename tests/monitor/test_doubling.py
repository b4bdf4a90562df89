"""Dense at first, then ever more seldom: the path at the last interval is that of a run watched at it throughout."""

from __future__ import annotations

import contextlib
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import szilard
from szilard import Classifier, Ledger, Monitor
from szilard.cli.comparing import caveats, differences
from szilard.models.precision import Precision
from szilard.monitor import Occasion
from szilard.monitor.calibration import RecordingBudget
from szilard.monitor.doubling import DENSE_RECORDS, DoublingInterval
from szilard.monitor.rows import Rows
from szilard.records.schema import Group, Variable
from szilard.studies.kits.watched.drift import drift_shares
from szilard.studies.measuring_interval import at_last_interval

STEPS = 600
COUNTED = ("steps_by_interval", "jumps_by_interval")
SUMMED = tuple(f"{name}_by_interval{end}" for name in ("work", "heat", "length") for end in ("", "_error"))


# The interval by itself


def steps_of(affordable: int, seconds: float, steps: int, known_at: int = 24) -> tuple[list[int], DoublingInterval]:
    interval, every, made = DoublingInterval(), 1, [0]
    for step in range(1, steps + 1):
        if step - made[-1] >= every:
            made.append(step)
            every = interval.after(step)
        if step == known_at:
            interval.settle(affordable, seconds)
    return made, interval


@pytest.mark.parametrize("affordable", [1, 2, 3, 16, 1000])
@pytest.mark.parametrize("seconds", [1e-5, 5e-3, 0.03])
def test_a_run_of_any_length_has_its_records(affordable: int, seconds: float) -> None:
    made, interval = steps_of(affordable, seconds, 5_000)
    for steps in (*range(1, 80), 100, 257, 1000, 5_000):
        assert sum(1 <= step <= steps for step in made) >= min(steps, DENSE_RECORDS)
    last = 2 ** math.ceil(math.log2(affordable))
    assert interval.every == last if interval.settled_at <= 5_000 else interval.every < last
    gaps = np.diff(made)
    assert (np.diff(gaps) >= 0).all()
    assert (np.asarray(made[1:]) % gaps == 0).all()


@pytest.mark.parametrize("seconds", [1e-4, 1e-3, 8e-3, 0.03])
def test_the_beginning_takes_two_seconds_beyond_the_budget_at_most(seconds: float) -> None:
    """Where more than four records while the steps double would be too dear, there are no more."""
    affordable, steps = 512, 2**16
    made, _ = steps_of(affordable, seconds, steps)
    beyond = (len(made) - steps / affordable) * seconds
    assert beyond <= 2.0 or len(made) - DENSE_RECORDS <= 4 * math.log2(affordable) + steps / affordable


def test_an_interval_that_is_known_late_still_doubles() -> None:
    made, interval = steps_of(4, 1e-3, 1_000, known_at=300)
    assert interval.changes == [(0, 1), (64, 2), (128, 4), (256, 8)]
    assert np.diff(made).max() == 8


# Records


def train(out: Path, every: int | None = None, steps: int = STEPS, **settings: object) -> szilard.Run:
    """A walk with some drift, the same every time; a run that is flushed at odd moments."""
    torch.manual_seed(3)
    model = nn.Linear(5, 4).double()
    probe = torch.randn(12, 5, dtype=torch.float64)
    walk = torch.Generator().manual_seed(7)
    monitor = Monitor(Classifier(model, probe), out=out, every=every, quiet=True, **settings)  # type: ignore[arg-type]
    for step in range(1, steps + 1):
        with torch.no_grad():
            model.weight += 0.05 * torch.randn(4, 5, generator=walk, dtype=torch.float64) + 0.002
        monitor.step()
        if step % 37 == 0 or step in (127, 128, 256):
            monitor._session.flush()
    return monitor.close()


@pytest.fixture
def affordable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The budget affords every eighth step, whatever the machine."""
    monkeypatch.setattr(RecordingBudget, "every", lambda self, step_seconds: 8)
    monkeypatch.setattr(DoublingInterval, "affordable", staticmethod(lambda record_seconds: True))
    monkeypatch.setattr("szilard.monitor.doubling._PER_OCTAVE", (32,))


@pytest.mark.usefixtures("affordable")
@pytest.mark.parametrize("multiples", [(1, 2, 4, 8, 16, 32), (1, 3, 5)], ids=str)
def test_the_last_intervals_path_is_that_of_a_run_watched_at_it(tmp_path: Path, multiples: tuple[int, ...]) -> None:
    doubled = train(tmp_path / "doubled", path_intervals=multiples)
    plain = train(tmp_path / "plain", every=8, path_intervals=multiples)
    assert doubled.attributes["every"] == 8
    assert doubled.attributes["every_changes"] == [[0, 1], [64, 2], [128, 4], [256, 8]]
    assert (doubled.attributes["every_chosen_by"], doubled.attributes["budget"]) == ("budget", 0.05)
    ours, theirs = doubled.data, plain.data
    assert ours["path_interval"].values.tolist() == [8 * multiple for multiple in multiples]
    np.testing.assert_array_equal(ours["path_interval"].values, theirs["path_interval"].values)
    assert ours["interval"].values.sum() == STEPS
    rows = np.isin(ours["step"].values, theirs["step"].values)
    assert rows.sum() == theirs.sizes["step"]
    for name in COUNTED:
        mine = ours[name].values[rows]
        known = mine >= 0
        np.testing.assert_array_equal(mine[known], theirs[name].values[known])
    for name in SUMMED:
        mine, other = ours[name].values[rows], theirs[name].values
        known = np.isfinite(mine)
        assert known[ours["step"].values[rows] > 256].all()
        assert known[ours["step"].values[rows] % 64 > 0].all() or multiples != (1, 2, 4, 8, 16, 32)
        np.testing.assert_allclose(mine[known], other[known], rtol=1e-12, atol=1e-14)
    for name in ("work", "heat", "length"):
        np.testing.assert_allclose(ours[f"{name}_at_interval"].values[-1], theirs[f"{name}_at_interval"].values[-1])
        np.testing.assert_array_equal(theirs[f"{name}_at_interval"].values, theirs[f"{name}_by_interval"].values[:, 0])
    assert abs(float(doubled.estimate("work_at_interval").value) - float(doubled.estimate("work").value)) > 0.01


def work_of_jump(before: list[list[float]], after: list[list[float]]) -> float:
    """KL(p‖p′) in nats, a mean over inputs."""
    total = 0.0
    for one, other in zip(before, after, strict=True):
        p, q = ([math.exp(z) / sum(map(math.exp, logits)) for z in logits] for logits in (one, other))
        total += sum(a * math.log(a / b) for a, b in zip(p, q, strict=True))
    return total / len(before)


@pytest.mark.usefixtures("affordable")
def test_each_row_is_stored_at_its_own_interval(tmp_path: Path) -> None:
    """Against the work between kept models, summed naively at every row's own multiples."""
    torch.manual_seed(3)
    model = nn.Linear(5, 4).double()
    probe = torch.randn(12, 5, dtype=torch.float64)
    kept = [model(probe).tolist()]
    with Monitor(Classifier(model, probe), out=tmp_path / "run", path_intervals=(1, 2, 4, 16), quiet=True) as monitor:
        for _ in range(150):
            with torch.no_grad():
                model.weight += 0.1 * torch.randn(4, 5, dtype=torch.float64)
            kept.append(model(probe).tolist())
            monitor.step()
    ledger = szilard.open(tmp_path / "run").tree["ledger"].to_dataset()
    every = ledger["measuring_interval"].values
    assert sorted(set(every.tolist())) == [1, 2, 4]
    assert every[np.isin(ledger["step"].values, (64, 66))].tolist() == [1, 2]
    for row in range(0, ledger.sizes["step"] - 1, 7):
        step = int(ledger["step"].values[row])
        for column, multiple in enumerate((1, 2, 4, 16)):
            length = multiple * int(every[row])
            ends = range(length, step + 1, length)
            work = sum(work_of_jump(kept[end - length], kept[end]) for end in ends)
            assert ledger["work_by_interval"].values[row, column] == pytest.approx(work, abs=1e-12)
            assert ledger["jumps_by_interval"].values[row, column] == len(ends)
            assert ledger["steps_by_interval"].values[row, column] == length * len(ends)


@pytest.mark.usefixtures("affordable")
@pytest.mark.parametrize("every", [None, 4])
@pytest.mark.parametrize("failed", [8, 64, 100, 300])
def test_a_record_that_failed_costs_itself_alone(tmp_path: Path, every: int | None, failed: int) -> None:
    """The records after it lie where they would have been, and W(k) goes on to the end."""
    model = nn.Linear(5, 4).double()
    broken = [False]

    def forward(module: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
        if broken[0]:
            raise ValueError("out of order")
        return module(inputs)

    ppm = Classifier(model, torch.eye(5, dtype=torch.float64), forward=forward)
    with Monitor(ppm, out=tmp_path / "run", every=every, quiet=True) as monitor:
        for step in range(1, 401):
            with torch.no_grad():
                model.weight += 0.05 * torch.randn(4, 5, dtype=torch.float64)
            broken[0] = step == failed
            with contextlib.suppress(szilard.errors.SzilardError, ValueError):
                monitor.step()
    data = szilard.open(tmp_path / "run").data
    recorded = data["step"].values.tolist()
    assert failed not in recorded
    assert set(recorded) >= set(range(0, 401, 8)) - {failed}
    assert data["steps_by_interval"].values[-1, 0] == 400


@pytest.mark.usefixtures("affordable")
@pytest.mark.parametrize("steps", [1, 7, 24, 25, 63, 64, 65, 100, 129])
def test_short_runs_succeed(tmp_path: Path, steps: int) -> None:
    run = train(tmp_path / "run", steps=steps)
    assert run.data.sizes["step"] - 1 >= min(steps, DENSE_RECORDS)
    assert run.data["step"].values[-1] == steps
    assert run.data["path_interval"].values[0] == run.attributes["every"] == run.data["measuring_interval"].values[-1]
    assert run.data["jumps_by_interval"].values[-1, 0] == steps // run.attributes["every"]
    assert run.audit().sound
    assert "every step at first" in run.summary() or steps <= DENSE_RECORDS


@pytest.mark.usefixtures("affordable")
def test_the_end_says_what_interval_it_got(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = nn.Linear(5, 4)
    with Monitor(Classifier(model, torch.eye(5)), out=tmp_path / "run") as monitor:
        for _ in range(100):
            monitor.step()
    said = capsys.readouterr().err
    assert "recording every 8 steps from step 256 on, more often before: a record takes" in said
    assert "83 records of 100 steps, every 2 steps at the end, more often before. More: a budget above 5 %" in said


# What is read from them


@pytest.mark.usefixtures("affordable")
def test_phases_are_judged_at_the_interval_of_their_time(tmp_path: Path) -> None:
    run = train(tmp_path / "run")
    assert [share.interval for share in drift_shares(run.data)] == [8, 16, 32]
    found = [(phase.first, phase.last, phase.share.interval) for phase in run.reading.phases]
    assert found == [(0, 64, 2), (64, 128, 2), (128, 256, 4), (256, STEPS, 8)]
    again = at_last_interval(run.data)
    np.testing.assert_array_equal(again["work_by_interval"].values, run.data["work_by_interval"].values)


@pytest.mark.usefixtures("affordable")
def test_runs_of_unlike_intervals_are_compared_at_a_common_one(tmp_path: Path) -> None:
    doubled, plain = train(tmp_path / "doubled"), train(tmp_path / "plain", every=32)
    rows = {row["name"]: row for row in differences([doubled, plain])}
    assert abs(rows["work"]["differences"][0]["value"]) > 0.1
    for name in ("work", "heat", "length"):
        assert rows[f"{name}_at_interval"]["differences"][0]["value"] == pytest.approx(0, abs=1e-10)
    assert any("at jumps of 32 steps in all" in note for note in caveats([doubled, plain]))
    assert not any(name.endswith("_at_interval") for name in (row["name"] for row in differences([plain, plain])))


class Steps:
    """A measure, and its recorder, that notes the steps at which it is shown the model."""

    every = None
    groups = (Group("steps", (Variable("interval", "since the last", "step"),)),)
    precision = Precision("float32", 1e-7)
    full = False

    def start(self, ppm: object, seed: int, optimizer: object) -> Steps:
        self.waiting: list[Occasion] = []
        return self

    def observe(self, occasion: Occasion) -> None:
        self.waiting.append(occasion)

    def rows(self) -> list[Rows]:
        seen, self.waiting = self.waiting, []
        values = torch.tensor([[float(occasion.interval)] for occasion in seen], dtype=torch.float64)
        return [Rows("steps", [occasion.step for occasion in seen], {"interval": None}, values)] if seen else []

    def finish(self) -> list[Rows]:
        return []

    def rehearse(self, clock: object) -> float:
        return 1e-6


@pytest.mark.usefixtures("affordable")
def test_other_measures_of_the_budget_take_the_interval_at_which_doubling_ends(tmp_path: Path) -> None:
    run = train(tmp_path / "run", steps=100, measures=[Ledger(), Steps()])
    assert run.tree["steps"]["step"].values.tolist() == [0, *range(24, 97, 8), 100]
    assert run.data.sizes["step"] == 1 + 64 + 18
