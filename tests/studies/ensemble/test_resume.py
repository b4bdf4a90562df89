"""Interrupted ensembles: after a SIGKILL at any moment the record ends the same, to the bit."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
import torch
import xarray as xr
from _pytest.monkeypatch import MonkeyPatch

import szilard
from szilard import Experiment, Training, evenly, factory
from szilard.ensemble.checkpoints import CheckpointStore
from szilard.errors import RecordError, SpecError, SzilardWarning
from szilard.records.claim import Claim
from szilard.studies import runner
from szilard.training import Factory

pytestmark = pytest.mark.slow

Same = Callable[[xr.DataTree, xr.DataTree], None]
Fork = Callable[[str], BaseProcess]
SLOW = {"training": Training(steps=1500, batch_size=8), "chunk": 3}
PROGRAM = """
import sys
sys.path.insert(0, {folder!r})
from conftest import SMALL
import dataclasses, szilard, szilard.ensemble.timing
from szilard import Training
szilard.ensemble.timing.CHECKPOINT_SECONDS = {seconds}
experiment = dataclasses.replace(SMALL, training=Training(steps=1500, batch_size=8), chunk=3)
szilard.run(experiment, {place!r}, quiet=True, resume=True)
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, small: Experiment) -> szilard.Run:
    """Without an interruption."""
    return runner.run(dataclasses.replace(small, **SLOW), tmp_path_factory.mktemp("whole") / "run", quiet=True)


@pytest.mark.parametrize("kills", [1, 4])
def test_a_killed_ensemble_ends_with_the_same_record(
    tmp_path: Path, small: Experiment, whole: szilard.Run, kills: int, assert_same: Same, fork: Fork
) -> None:
    place, folder = tmp_path / "run", str(Path(__file__).parent)
    killed = 0
    for kill in range(kills):
        process = fork(PROGRAM.format(folder=folder, seconds=0 if kill % 2 else 10, place=str(place)))
        seen = len(list(place.glob("checkpoints/*.safetensors")))
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.is_alive():
            now = len(list(place.glob("checkpoints/*.safetensors")))
            if now >= seen + 2:
                break
            time.sleep(0.003)
        time.sleep(0.01 * kill)
        process.kill()
        process.join()
        killed += szilard.open(place).status == "incomplete"
    assert killed
    run = runner.run(dataclasses.replace(small, **SLOW), place, quiet=True, resume=True)
    assert run.complete and not (place / "checkpoints").exists()
    assert_same(run.tree, whole.tree)
    assert run.attributes["unavailable"] == whole.attributes["unavailable"]


def test_an_error_between_the_two_groups_of_a_row_is_made_good(
    tmp_path: Path, small: Experiment, whole: szilard.Run, monkeypatch: MonkeyPatch, assert_same: Same
) -> None:
    from szilard.records.writer import RecordWriter

    append = RecordWriter.append

    def killed(self: RecordWriter, group: str, step: int, row: object) -> None:
        if group == "ledger" and step > 0:
            raise KeyboardInterrupt
        append(self, group, step, row)  # type: ignore[arg-type]

    monkeypatch.setattr(RecordWriter, "append", killed)
    with pytest.raises(KeyboardInterrupt):
        runner.run(dataclasses.replace(small, **SLOW), tmp_path / "run", quiet=True)
    monkeypatch.undo()
    run = runner.run(dataclasses.replace(small, **SLOW), tmp_path / "run", quiet=True, resume=True)
    assert_same(run.tree, whole.tree)


def interrupted(small: Experiment, place: Path, monkeypatch: MonkeyPatch) -> None:
    """Leaves an ensemble behind after its first record."""
    from szilard.studies.ensemble.rows import EnsembleRows

    def stop(self: EnsembleRows) -> int:
        if any(self._checkpoints.path.glob("chunk-0000-record-00001*")):
            raise KeyboardInterrupt
        return 0

    with monkeypatch.context() as patch:
        patch.setattr(EnsembleRows, "advance", stop)
        patch.setattr("szilard.ensemble.timing.CHECKPOINT_SECONDS", 0)
        with pytest.raises(KeyboardInterrupt):
            runner.run(small, place, quiet=True)


def test_checkpoints_of_another_spec_are_refused(tmp_path: Path, small: Experiment, monkeypatch: MonkeyPatch) -> None:
    interrupted(small, tmp_path / "run", monkeypatch)
    other = dataclasses.replace(small, training=dataclasses.replace(small.training, batch_size=4))
    with pytest.raises(RecordError, match=r"another experiment, which differs in training\.batch_size"):
        runner.run(other, tmp_path / "run", quiet=True, resume=True)
    noisy = dataclasses.replace(small.data, train_inputs=small.data.train_inputs + 1)
    with pytest.raises(RecordError, match="contents of the data"):
        runner.run(dataclasses.replace(small, data=noisy), tmp_path / "run", quiet=True, resume=True)
    assert runner.run(small, tmp_path / "run", quiet=True, resume=True).complete


def test_a_complete_record_is_left_as_it_is_unless_it_is_another_s(tmp_path: Path, small: Experiment) -> None:
    first = runner.run(small, tmp_path / "run", quiet=True)
    before = (first.path / "record.zarr" / "zarr.json").read_bytes()
    runner.run(small, tmp_path / "run", quiet=True, resume=True)
    assert (first.path / "record.zarr" / "zarr.json").read_bytes() == before
    with pytest.raises(RecordError, match="another experiment, which differs in seed"):
        runner.run(dataclasses.replace(small, seed=9), tmp_path / "run", quiet=True, resume=True)


def test_resume_begins_where_there_is_nothing(tmp_path: Path, small: Experiment) -> None:
    assert runner.run(small, tmp_path / "run", quiet=True, resume=True).complete


def test_an_interrupted_record_can_be_replaced_and_its_checkpoints_go_with_it(
    tmp_path: Path, small: Experiment, monkeypatch: MonkeyPatch
) -> None:
    interrupted(small, tmp_path / "run", monkeypatch)
    with pytest.raises(RecordError, match="already holds a record"):
        runner.run(small, tmp_path / "run", quiet=True)
    assert runner.run(small, tmp_path / "run", quiet=True, overwrite=True).complete


def test_a_single_run_cannot_be_resumed(tmp_path: Path) -> None:
    single = Experiment(model=factory("nets:mlp", widths=[64, 10]), data="digits")
    with pytest.raises(SpecError, match="a single run cannot be resumed"):
        runner.run(single, tmp_path / "run", resume=True)


def test_a_model_of_the_same_name_that_starts_otherwise_is_refused(
    tmp_path: Path, small: Experiment, monkeypatch: MonkeyPatch
) -> None:
    nameless = dataclasses.replace(small, model=Factory(lambda: torch.nn.Linear(2, 3)))
    other = dataclasses.replace(
        small, model=Factory(lambda: torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh()))
    )
    interrupted(nameless, tmp_path / "run", monkeypatch)
    with pytest.raises(RecordError, match="differs in the model"):
        runner.run(other, tmp_path / "run", quiet=True, resume=True)
    assert runner.run(nameless, tmp_path / "run", quiet=True, resume=True).complete
    with pytest.raises(RecordError, match="differs in the model"):
        runner.run(other, tmp_path / "run", quiet=True, resume=True)


def test_a_kill_at_the_very_end_costs_nothing(
    tmp_path: Path, small: Experiment, monkeypatch: MonkeyPatch, assert_same: Same
) -> None:
    from szilard.records.writer import RecordWriter

    with monkeypatch.context() as patch:
        patch.setattr(RecordWriter, "close", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            runner.run(small, tmp_path / "run", quiet=True)
    with monkeypatch.context() as patch:
        patch.setattr("szilard.ensemble.chunk.make_trainer", _interrupt)  # nothing is trained again
        resumed = runner.run(small, tmp_path / "run", quiet=True, resume=True)
    assert_same(resumed.tree, runner.run(small, tmp_path / "whole", quiet=True).tree)


def test_a_full_disk_loses_nothing_that_was_trained(
    tmp_path: Path, small: Experiment, monkeypatch: MonkeyPatch, assert_same: Same
) -> None:
    from szilard.records.journal import Journal

    append = Journal.append
    lines = []

    def full(self: Journal, line: str) -> None:
        lines.append(line)
        if len(lines) > 7:
            self._waiting.append(line)
            raise OSError(28, "No space left on device")
        append(self, line)

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "append", full)
        with pytest.warns(SzilardWarning, match="cannot be written"), pytest.raises(RecordError, match="make room"):
            runner.run(small, tmp_path / "run", quiet=True)
    resumed = runner.run(small, tmp_path / "run", quiet=True, resume=True)
    assert_same(resumed.tree, runner.run(small, tmp_path / "whole", quiet=True).tree)


def test_threads_of_members_that_draw_do_not_meet(tmp_path: Path, small: Experiment, assert_same: Same) -> None:
    """Dropout borrows torch's global random state: with records at every step the threads would trip over it."""
    drawing = dataclasses.replace(
        small,
        model=factory("nets:mlp", widths=[2, 8, 3], dropout=0.3),
        training=Training(steps=25, batch_size=8),
        record_at=evenly(1),
        chunk=2,
    )
    with pytest.warns(SzilardWarning, match="one by one"):
        alone = runner.run(dataclasses.replace(drawing, workers=1), tmp_path / "alone", quiet=True)
    with pytest.warns(SzilardWarning, match="one by one"):
        together = runner.run(dataclasses.replace(drawing, workers=3), tmp_path / "together", quiet=True)
    assert_same(alone.tree, together.tree)


def _interrupt(*arguments: object, **options: object) -> None:
    raise KeyboardInterrupt


def test_who_resumes_what_another_trains_is_refused_and_touches_nothing(
    tmp_path: Path, small: Experiment, monkeypatch: MonkeyPatch
) -> None:
    """Nor is he told to delete anything; and what an outlived worker of another run leaves is not taken."""
    place = tmp_path / "run"
    interrupted(small, place, monkeypatch)
    before = sorted(path.name for path in (place / "checkpoints").iterdir())
    claim = Claim.take(place)
    for how in ({"resume": True}, {"overwrite": True}):
        with pytest.raises(RecordError, match="is being written by this process") as refused:
            runner.run(small, place, quiet=True, **how)
        assert "delete" not in str(refused.value)
    claim.release()
    assert sorted(path.name for path in (place / "checkpoints").iterdir()) == before
    outlived = CheckpointStore(place, "another")
    with pytest.raises(RecordError, match="belongs to another run by now"):
        outlived.save(0, {"record": torch.ones(1)})
    (place / "checkpoints" / "of").write_text("another")
    assert runner.run(small, place, quiet=True, resume=True).complete
    assert not (place / "checkpoints").exists()
