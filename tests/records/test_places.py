"""Where a record may be made, and what overwriting deletes."""

from __future__ import annotations

import shutil

import pytest

from szilard.errors import RecordError
from szilard.records import place as places
from szilard.records import store
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
    "somebody's draft": (
        lambda p: ((p / "record.draft").mkdir(parents=True), (p / "record.draft" / "thesis.tex").write_text("x")),
        False, "holds something",
    ),
    "somebody's store beside a draft, overwriting": (
        lambda p: (
            (p / "record.zarr").mkdir(parents=True), (p / "record.zarr" / "zarr.json").write_text("{}"),
            (p / "record.draft").mkdir(),
        ),
        True, "no record of szilard",
    ),
    "below a file": (
        lambda p: p.parent.rmdir() or p.parent.write_text(""), False,
        r"no record can be made in .* \(Not a directory\): choose",
    ),
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


@pytest.mark.parametrize("replacing", [False, True], ids=["anew", "in place of another"])
def test_what_a_kill_leaves_of_a_beginning_is_in_nobodys_way(tmp_path, groups, monkeypatch, replacing):
    """The directory as it stands at every moment between the first file and the last rename, taken up again."""
    place, moments = tmp_path / "run", []
    if replacing:
        RecordWriter(place, groups=groups, attributes={}).close()
        (place / "notes.txt").write_text("mine")

    def watch(module, name):
        original = getattr(module, name)

        def watched(*arguments):
            for call in (lambda: None, lambda: original(*arguments)):
                result = call()
                moments.append(shutil.copytree(place, tmp_path / f"killed {len(moments)}"))
            return result

        monkeypatch.setattr(module, name, watched)

    for module, name in ((store, "lay_out"), (store, "put_document"), (places, "remove_record")):
        watch(module, name)
    begun = RecordWriter(place, groups=groups, attributes={}, overwrite=replacing)
    monkeypatch.undo()
    begun.close()
    if replacing:  # the last thing that goes of the old record is its empty directory
        shutil.copytree(moments[-1], between := tmp_path / "between")
        (between / "record.zarr").mkdir()
        moments.append(between)
    else:  # before the first file is there
        (nothing := tmp_path / "nothing" / "record.draft").mkdir(parents=True)
        moments.append(nothing.parent)
    assert all((left / "record.draft").is_dir() for left in moments)
    for left in moments:
        RecordWriter(left, groups=groups, attributes={}, overwrite=replacing).close()
        assert read(left).attrs["status"] == "complete"
        assert not (left / "record.draft").exists()
        assert not replacing or (left / "notes.txt").read_text() == "mine"


def test_an_empty_directory_will_do(tmp_path, groups):
    RecordWriter(tmp_path, groups=groups, attributes={}).close()
    assert read(tmp_path).attrs["status"] == "complete"
