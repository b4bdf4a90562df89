"""A file system that is slow, hangs or goes away holds up no training, and what it does not take is not lost."""

from __future__ import annotations

import shutil
import threading
import time
import warnings
from pathlib import Path
from typing import Any

import pytest

from szilard.errors import RecordError, SzilardWarning
from szilard.records import beside, keeper, layout
from szilard.records.journal import FILE, Journal
from szilard.records.reader import read
from szilard.records.writer import RecordWriter


def test_a_slow_commit_holds_up_no_row_and_the_journal_has_each_at_once(writer, row, monkeypatch):
    whole, begun = layout.put, threading.Event()

    def slow(file: Path, data: bytes) -> None:
        begun.set()
        time.sleep(0.1)
        whole(file, data)

    for i in range(3):
        writer.append("ledger", i, row(i))
    monkeypatch.setattr(layout, "put", slow)
    writer._due = 0.0
    writer.append("ledger", 3, row(3))
    assert begun.wait(5)
    writer.append("ledger", 4, row(4))
    assert writer._store.lengths["ledger"] == 0, "the row waited for a commit of fifteen files"
    for i in range(5, 8):
        writer.append("ledger", i, row(i))
        assert read(writer.path)["ledger/step"].values.tolist() == list(range(i + 1))
    writer.close()
    assert read(writer.path)["ledger/work"].values.tolist() == [row(i)["work"] for i in range(8)]
    assert (writer.path / FILE).read_bytes() == b""


def test_a_file_system_that_hangs_is_not_waited_for(writer, row, monkeypatch):
    """One warning once it has hung for long, all rows in order once it answers."""
    answer, append, appended = threading.Event(), Journal.append, []

    def hangs(journal: Journal, *lines: str) -> None:
        answer.wait(20)
        appended.extend(lines)
        append(journal, *lines)

    for name, value in {"HANGING": 0.1, "_GRACE": 0.2, "_LONGEST": 0.1, "_SHARE": 0.0}.items():
        monkeypatch.setattr(beside, name, value)
    monkeypatch.setattr(Journal, "append", hangs)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for i in range(30):
            writer.append("ledger", i, row(i))
    assert len(appended) == 0, "every row was given to the writer before the first was taken"
    assert ["does not answer" in str(each.message) for each in caught] == [True]
    assert not writer.durable
    monkeypatch.setattr(keeper, "LAST_PATIENCE", 0.1)
    answer.set()
    monkeypatch.undo()
    writer.close()
    assert read(writer.path)["ledger/step"].values.tolist() == list(range(30))


def test_forks_wait_once_for_a_file_system_that_hangs(monkeypatch):
    """As those of a data loader's workers at each epoch; and once more when it hangs again."""
    waited: list[float | None] = []
    monkeypatch.setattr(threading.Thread, "join", lambda thread, seconds=None: waited.append(seconds))
    line = beside.Beside()
    for _ in range(2):
        answer = threading.Event()
        job = line.do(lambda answer=answer: answer.wait(20))
        for _ in range(3):
            beside._end_all()
        answer.set()
        assert job.wait(20)
        assert line.do(lambda: None).wait(20)
    line.end()
    assert waited == [beside._FORK_PATIENCE, 0.0, 0.0] * 2 + [0.0]


def test_an_end_that_the_file_system_does_not_let_be_is_not_waited_for(writer, row, monkeypatch):
    answer, whole = threading.Event(), layout.put
    writer.append("ledger", 0, row(0))
    monkeypatch.setattr(
        layout, "put", lambda file, data: (writer.path in file.parents and answer.wait(20), whole(file, data))
    )
    monkeypatch.setattr("szilard.records.writer.LAST_PATIENCE", 0.1)
    monkeypatch.setattr(keeper, "LAST_PATIENCE", 0.1)
    with pytest.raises(
        RecordError, match=r"1 rows .* does not answer; bring it back and call close\(\) again; they are"
    ):
        writer.close()
    answer.set()
    monkeypatch.undo()
    writer.close()
    assert read(writer.path).attrs["status"] == "complete"


@pytest.mark.parametrize("end", ["close", "leave"])
def test_rows_of_a_directory_that_vanished_are_put_elsewhere(writer, row, tmp_path, elsewhere, end):
    """And the place is named, can be opened, and makes the record whole where that comes back."""
    for i in range(3):
        writer.append("ledger", i, row(i))
    writer.commit()
    writer.set_coordinate("ledger", "path_interval", [7, 14, 28])
    for i in range(3, 5):
        writer.append("ledger", i, row(i))
    writer.path.rename(tmp_path / "unmounted")
    message = r"2 rows of the record .* could not be written: No such file or directory"
    if end == "close":
        with pytest.raises(RecordError, match=message):
            writer.close()
    else:
        with pytest.warns(SzilardWarning, match=message) as caught:
            writer.leave()
        assert "goes on" not in str(caught[0].message)
    (place,) = elsewhere.glob("szilard-rescued-*")
    tree = read(place)
    assert tree["ledger/step"].values.tolist() == [3, 4]
    assert tree["ledger/path_interval"].values.tolist() == [7, 14, 28]
    assert tree.attrs["status"] == ("complete" if end == "close" else "incomplete")
    (tmp_path / "unmounted").rename(writer.path)
    if end == "close":
        writer.close()
        assert not place.exists()
    else:
        shutil.copy(place / FILE, writer.path / FILE)
    tree = read(writer.path)
    assert tree["ledger/work"].values.tolist() == [row(i)["work"] for i in range(5)]


def test_many_rows_are_committed_at_once(writer, row, monkeypatch):
    """However long it is until the next commit is due: a journal is dear to read."""
    monkeypatch.setattr(keeper, "COMMIT_ROWS", 10)
    for i in range(25):
        writer.append("ledger", i, row(i))
    writer._beside.do(lambda: None).wait(5)
    assert writer._store.lengths["ledger"] >= 10
    writer.close()
    assert read(writer.path)["ledger/step"].values.tolist() == list(range(25))


def test_what_goes_out_of_scope_gives_the_record_back(writer, row, groups):
    path: Any = writer.path
    other = RecordWriter(path.with_name("other"), groups=groups, attributes={})
    other.append("ledger", 0, row(0))
    threads = threading.active_count()
    path = other.path
    del other
    again = RecordWriter(path, groups=groups, attributes={}, overwrite=True)
    again.close()
    time.sleep(0.05)
    assert threading.active_count() <= threads


def test_what_comes_after_rows_were_put_elsewhere_is_put_there_too(writer, row, elsewhere):
    """The loop went on after an end that failed; nothing is said twice of the same rows."""
    writer.append("ledger", 0, row(0))
    writer.path.rename(writer.path.with_name("gone"))
    with pytest.raises(RecordError, match="1 rows"):
        writer.close()
    (place,) = elsewhere.iterdir()
    writer.append("ledger", 1, row(1))
    with pytest.raises(RecordError, match=f"2 rows.*{place.name}"):
        writer.close()
    writer.append("ledger", 2, row(2))
    with pytest.warns(SzilardWarning, match=f"3 rows.*{place.name}"):
        writer.leave()
    assert list(elsewhere.iterdir()) == [place], "what an error has named stays where it is"
    assert read(place)["ledger/step"].values.tolist() == [0, 1, 2]
