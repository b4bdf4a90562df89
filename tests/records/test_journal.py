"""A journal that is torn or damaged costs what was torn or damaged."""

from __future__ import annotations

import os

import pytest

from szilard.errors import SzilardWarning
from szilard.records.journal import Journal
from szilard.records.reader import read
from szilard.records.writer import RecordWriter

ROWS = 5

GARBAGE = [
    b"garbage",
    b"\xff\xfe\x00",
    b"",
    b"[]",
    b"3",
    b"null",
    b'{"group": "ledger"}',
    b'{"group": "ledger", "index": 1, "row": []}',
    b'{"group": "ledger", "index": -1, "row": {"step": 1}}',
    b'{"group": "ledger", "index": 1, "row": {"step": NaN}}',
    b'{"group": "nowhere", "index": 1, "row": {"step": 1}}',
    b'{"group": "ledger", "index": 1, "row": {"step": 1, "wrok": 2.0}}',
    b'{"group": "ledger", "index": 1, "row": {"step": 1, "work": "x"}}',
    b'{"group": "ledger", "index": 1, "row": {"step": 1, "work_by_interval": [1.0]}}',
    b'{"note": 1, "attributes": 3}',
    b"[" * 100_000,
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_a_damaged_line_of_the_journal_costs_that_line(writer, row, garbage):
    for i in range(3):
        writer.append("ledger", i, row(i))
    journal = writer.path / "journal.jsonl"
    lines = journal.read_bytes().split(b"\n")
    lines[1] = garbage
    journal.write_bytes(b"\n".join(lines))
    with pytest.warns(SzilardWarning, match=r"1 damaged line.*journal"):
        assert read(writer.path)["ledger/step"].values.tolist() == [0, 2]
    with pytest.warns(SzilardWarning, match=r"1 damaged line.*journal"):
        RecordWriter.reopen(writer.path).close()
    assert read(writer.path)["ledger/step"].values.tolist() == [0, 2]


@pytest.mark.parametrize("left", [1, 20, -1])
def test_a_torn_last_line_is_left_out_in_silence(writer, row, left):
    for i in range(3):
        writer.append("ledger", i, row(i))
    journal = writer.path / "journal.jsonl"
    *whole, last, _ = journal.read_bytes().split(b"\n")
    journal.write_bytes(b"\n".join([*whole, last[:left]]))
    assert read(writer.path)["ledger/step"].values.tolist() == [0, 1]
    again = RecordWriter.reopen(writer.path)
    again.append("ledger", 7, row(7))
    assert read(writer.path)["ledger/step"].values.tolist() == [0, 1, 7]


def test_a_record_without_its_journal_is_what_was_committed(record):
    (record / "journal.jsonl").unlink()
    assert read(record)["ledger/step"].size == ROWS


def test_a_journal_is_no_text_file_where_that_matters(tmp_path, monkeypatch):
    """Windows writes the end of a line of a text file as two characters, and the journal counts bytes."""
    flags = []
    original = os.open
    monkeypatch.setattr(os, "O_BINARY", 1 << 29, raising=False)
    monkeypatch.setattr(
        os, "open", lambda path, how, mode: (flags.append(how), original(path, how & ~(1 << 29), mode))[1]
    )
    journal = Journal(tmp_path / "journal.jsonl")
    journal.restart()
    journal.close()
    assert len(flags) == 2
    assert all(how & (1 << 29) for how in flags)
