"""One record has one writer: who comes second is refused, and a writer whose record is gone leaves the next alone."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from szilard.errors import RecordError, SzilardWarning
from szilard.records import claim as claims
from szilard.records import filelock
from szilard.records.claim import LOCK, Claim
from szilard.records.reader import read
from szilard.records.root import ASIDE, DIRECTORY, DRAFT
from szilard.records.writer import RecordWriter

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork.*:DeprecationWarning")
HOLDER = """
import os, sys, time
from pathlib import Path
from szilard.records.claim import Claim
claim = Claim.take(Path(sys.argv[1]))
child = os.fork()  # as a worker of a data loader is: it lives on when its parent is killed
if child == 0:
    print(os.getpid(), flush=True)  # when it has let go of what is its parent's
    os.closerange(0, 3)
    time.sleep(60)
    os._exit(0)
time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Another process that writes in ``tmp_path / "run"``, and a child that it forked."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "run")], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    child = int(process.stdout.readline())
    yield process, child
    process.kill()
    os.kill(child, signal.SIGKILL)
    process.communicate()


def test_another_process_is_refused_until_the_first_is_dead(tmp_path, groups, holder):
    """However it dies, and whatever it forked before."""
    process, child = holder
    for overwrite in (False, True):
        with pytest.raises(RecordError, match=rf"being written by process {process.pid} on .*: wait until that has"):
            RecordWriter(tmp_path / "run", groups=groups, attributes={}, overwrite=overwrite)
    process.send_signal(signal.SIGKILL)
    process.wait()
    os.kill(child, 0)  # it lives
    RecordWriter(tmp_path / "run", groups=groups, attributes={}).close()
    assert read(tmp_path / "run").attrs["status"] == "complete"
    assert not (tmp_path / "run" / LOCK).exists()


def test_a_second_writer_of_this_process_is_refused(writer, groups, row):
    writer.append("ledger", 0, row(0))
    for overwrite in (False, True):
        with pytest.raises(RecordError, match="being written by this process: close what writes there"):
            RecordWriter(writer.path, groups=groups, attributes={}, overwrite=overwrite)
    with pytest.raises(RecordError, match="being written by this process"):
        Claim.take(writer.path)
    writer.append("ledger", 1, row(1))
    writer.close()
    assert read(writer.path)["ledger/step"].values.tolist() == [0, 1]
    RecordWriter(writer.path, groups=groups, attributes={}, overwrite=True).close()


def test_of_many_that_begin_at_once_one_writes(tmp_path, groups):
    """Processes that wait for one moment; those who only look are in nobody's way."""
    moment = time.monotonic() + 0.2
    pids = []
    for number in range(6):
        if (pid := os.fork()) == 0:
            code = 1
            try:
                time.sleep(max(0.0, moment - time.monotonic()))
                record = RecordWriter(tmp_path / "run", groups=groups, attributes={"number": number}, overwrite=True)
                time.sleep(1.0)
                record.close()
                code = 0
            except RecordError as error:
                code = 2 if "is being written by" in str(error) else 3
            finally:
                os._exit(code)
        pids.append(pid)
    codes = sorted(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids)
    assert codes == [0, 2, 2, 2, 2, 2]
    assert read(tmp_path / "run").attrs["status"] == "complete"


@pytest.mark.parametrize("how", ["replaced", "taken up"])
def test_a_writer_whose_record_is_another_s_says_so_once_and_leaves_it_alone(writer, groups, row, how, elsewhere):
    """Where a lock was undone: somebody removed the directory, or the file system knows no locks."""
    writer.append("ledger", 0, row(0))
    writer.commit()
    writer.append("ledger", 1, row(1))
    if how == "replaced":
        shutil.rmtree(writer.path)
        second = RecordWriter(writer.path, groups=groups, attributes={"name": "second"})
    else:
        second = RecordWriter.reopen(writer.path)
    second.append("ledger", 7, row(7))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for step in (2, 3):
            writer.append("ledger", step, row(step))
            writer.commit()
    assert [warning.category for warning in caught] == [SzilardWarning]
    assert "replaced or taken up by another writer" in str(caught[0].message)
    with pytest.raises(RecordError, match="replaced or taken up by another writer"):
        writer.close()
    second.close()
    steps = [7] if how == "replaced" else [0, 1, 7]
    assert read(second.path)["ledger/step"].values.tolist() == steps
    rescued = list(elsewhere.glob("szilard-rescued-*"))
    if how == "replaced":  # what was not committed when it went is kept
        assert [read(place)["ledger/step"].values.tolist() for place in rescued] == [[1, 2]]


def test_a_forked_child_records_nothing(writer, row):
    writer.append("ledger", 0, row(0))
    if (pid := os.fork()) == 0:
        code = 1
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                writer.append("ledger", 1, row(1))
                writer.append("ledger", 2, row(2))
                writer.leave()
            code = 0 if ["forked" in str(each.message) for each in caught] == [True] else 3
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    writer.append("ledger", 3, row(3))
    writer.close()
    assert read(writer.path)["ledger/step"].values.tolist() == [0, 3]


@pytest.mark.parametrize("moment", ["moved aside", "in place"])
def test_a_kill_while_a_record_is_replaced_leaves_one_of_the_two(record, groups, row, monkeypatch, moment):
    """The old one until the new one is in its place, with its own journal and not the other's."""
    from szilard.records import place

    old = RecordWriter.reopen(record)
    old.append("ledger", 90, row(9))  # in the journal only
    old.abandon()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    rename = Path.rename
    with monkeypatch.context() as patch:
        if moment == "moved aside":
            patch.setattr(Path, "rename", lambda path, to: killed() if path.name == DRAFT else rename(path, to))
        else:
            patch.setattr(place, "discard_old", killed)
        with pytest.raises(KeyboardInterrupt):
            RecordWriter(record, groups=groups, attributes={"name": "new"}, overwrite=True)
    tree = read(record)
    assert (tree.attrs["name"], tree["ledger/step"].size) == (("small", 6) if moment == "moved aside" else ("new", 0))
    again = RecordWriter.reopen(record)
    assert (len(again), (record / ASIDE).exists()) == (tree["ledger/step"].size, False)
    again.close()
    RecordWriter(record, groups=groups, attributes={"name": "newer"}, overwrite=True).close()
    assert read(record).attrs["name"] == "newer"
    assert sorted(path.name for path in record.iterdir()) == ["journal.jsonl", DIRECTORY]


def test_a_file_system_without_locks_goes_by_the_age_of_the_file(writer, groups, monkeypatch):
    """Somebody who wrote lately lives; one who did not is taken for dead, and learns of it by the identity."""
    writer.close()
    monkeypatch.setattr(claims, "lock", lambda file: None)
    monkeypatch.setattr(claims, "locked_by_other", lambda file: None)
    monkeypatch.setattr(claims, "_PATIENCE", 0.02)
    first = RecordWriter(writer.path, groups=groups, attributes={}, overwrite=True)
    with pytest.raises(RecordError, match="being written by this process"):
        RecordWriter(writer.path, groups=groups, attributes={}, overwrite=True)
    os.utime(writer.path / LOCK, (0, 0))
    second = RecordWriter(writer.path, groups=groups, attributes={"name": "second"}, overwrite=True)
    with pytest.warns(SzilardWarning, match="replaced or taken up by another"):
        first.commit()
    second.close()
    assert read(writer.path).attrs["name"] == "second"


def test_a_copy_of_the_record_made_by_this_process_does_not_undo_the_lock(writer, groups, tmp_path):
    """As somebody does who stores it elsewhere while it runs: all files are opened and closed."""
    shutil.copytree(writer.path, tmp_path / "copy")
    file = os.open(writer.path / LOCK, os.O_RDWR)
    try:
        assert filelock.locked_by_other(file)
    finally:
        os.close(file)
    writer.close()
