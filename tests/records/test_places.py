"""Where a record may be made, and what overwriting deletes."""

from __future__ import annotations

import pytest

from szilard.errors import RecordError
from szilard.records.reader import read
from szilard.records.schema import Group, Variable
from szilard.records.writer import RecordWriter

ROWS = 5

PLACES = {
    "a file": (lambda p: p.write_text(""), False, "is not a directory"),
    "a file, overwriting": (lambda p: p.write_text(""), True, "is not a directory"),
    "somebody's directory": (lambda p: (p.mkdir(), (p / "thesis.tex").write_text("x")), False, "holds something"),
    "somebody's directory, overwriting": (
        lambda p: (p.mkdir(), (p / "thesis.tex").write_text("x")), True, "no record of szilard",
    ),
    "somebody's store, overwriting": (
        lambda p: ((p / "record.zarr").mkdir(parents=True), (p / "record.zarr" / "zarr.json").write_text("{}")),
        True, "no record of szilard",
    ),
    "below a file": (lambda p: p.parent.rmdir() or p.parent.write_text(""), False, "Not a directory|no record can be"),
    "a dangling link": (lambda p: p.symlink_to(p.parent / "gone"), False, "is not a directory"),
}  # fmt: skip


@pytest.mark.parametrize("case", PLACES)
def test_places_that_are_taken(tmp_path, groups, case):
    prepare, overwrite, message = PLACES[case]
    place = tmp_path / "sub" / "run"
    place.parent.mkdir()
    prepare(place)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(RecordError, match=message):
        RecordWriter(place, groups=groups, attributes={}, overwrite=overwrite)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_record_is_replaced_only_when_told_and_alone(record, groups, row):
    (record / "notes.txt").write_text("mine")
    (record / "report.html").write_text("old")
    with pytest.raises(RecordError, match=r"already holds a record.*overwrite=True"):
        RecordWriter(record, groups=groups, attributes={})
    assert read(record)["ledger/step"].size == ROWS
    writer = RecordWriter(record, groups=groups[:1], attributes={}, overwrite=True)
    writer.append("ledger", 3, row(3))
    writer.close()
    tree = read(record)
    assert tree["ledger/step"].values.tolist() == [3]
    assert "samples" not in tree.children
    assert (record / "notes.txt").read_text() == "mine"
    assert not (record / "report.html").exists()


def test_a_record_that_cannot_be_replaced_is_not_lost(record, groups):
    """What is new is laid out before what is old is deleted."""
    hopeless = Group("ledger", (Variable("w", "w", "1", dims=("nowhere",)),))
    with pytest.raises(RecordError, match="dimension 'nowhere'"):
        RecordWriter(record, groups=[hopeless], attributes={}, overwrite=True)
    assert read(record)["ledger/step"].size == ROWS


def test_an_empty_directory_will_do(tmp_path, groups):
    RecordWriter(tmp_path, groups=groups, attributes={}).close()
    assert read(tmp_path).attrs["status"] == "complete"
