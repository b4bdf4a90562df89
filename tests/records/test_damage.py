"""A damaged record is refused with an error that names what is damaged and what to do; nothing in it runs."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from szilard.errors import RecordError
from szilard.records.reader import read
from szilard.records.schema import SCHEMA_VERSION
from szilard.records.writer import RecordWriter

ROWS = 5


def edit(record: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """Changes the root's document."""
    path = record / "record.zarr" / "zarr.json"
    root = json.loads(path.read_text())
    change(root)
    path.write_text(json.dumps(root))


def array(root: dict[str, Any], name: str) -> dict[str, Any]:
    return root["consolidated_metadata"]["metadata"][name]


def cut_chunk(record: Path) -> None:
    chunk = record / "record.zarr" / "ledger" / "work" / "c" / "0"
    chunk.write_bytes(chunk.read_bytes()[:100])


def replace_by_file(record: Path) -> None:
    shutil.rmtree(record)
    record.write_text("")


def pickled_codec(root: dict[str, Any]) -> None:
    array(root, "ledger/work")["codecs"] = [{"name": "numcodecs.pickle", "configuration": {}}]


def old_format_with_pickles(root: dict[str, Any]) -> None:
    """Zarr's older format has object arrays, and a filter that unpickles them."""
    root["consolidated_metadata"]["metadata"]["ledger/work"] = {
        "zarr_format": 2, "shape": [ROWS], "chunks": [1024], "dtype": "|O", "fill_value": None, "order": "C",
        "filters": [{"id": "pickle", "protocol": 5}], "compressor": None, "attributes": {}, "node_type": "array",
        "dimension_names": ["step"],
    }  # fmt: skip


def no_names(root: dict[str, Any]) -> None:
    array(root, "ledger/work")["dimension_names"] = None


def object_dtype(root: dict[str, Any]) -> None:
    array(root, "ledger/work")["data_type"] = "object"


def climb_out(root: dict[str, Any]) -> None:
    metadata = root["consolidated_metadata"]["metadata"]
    metadata["ledger/../../secret"] = metadata["ledger/work"]


def other_length(root: dict[str, Any]) -> None:
    array(root, "ledger/work")["shape"] = [ROWS + 1]


def negative_length(root: dict[str, Any]) -> None:
    array(root, "ledger/work")["shape"] = [-1]


def longer_than_its_chunks(root: dict[str, Any]) -> None:
    for name, document in root["consolidated_metadata"]["metadata"].items():
        if name.startswith("ledger/") and document["dimension_names"][0] == "step":
            document["shape"][0] = 10**15 + 1


DAMAGES = {
    "nothing there": (shutil.rmtree, "does not exist: give the directory that holds record.zarr"),
    "a file": (replace_by_file, "is not a record of szilard"),
    "no store": (lambda r: shutil.rmtree(r / "record.zarr"), "is not a record of szilard"),
    "empty root": (lambda r: (r / "record.zarr" / "zarr.json").write_text(""), "damaged: restore"),
    "root no JSON": (lambda r: (r / "record.zarr" / "zarr.json").write_text("{"), "damaged: restore"),
    "root NaN": (lambda r: (r / "record.zarr" / "zarr.json").write_text('{"attributes": NaN}'), "damaged: restore"),
    "root a list": (lambda r: (r / "record.zarr" / "zarr.json").write_text("[]"), "damaged: restore"),
    "root a directory": (
        lambda r: ((r / "record.zarr" / "zarr.json").unlink(), (r / "record.zarr" / "zarr.json").mkdir()),
        "cannot be read: Is a directory",
    ),
    "somebody else's store": (
        lambda r: edit(r, lambda root: root["attributes"].pop("schema_version")),
        "not a record of szilard: its store has no schema_version",
    ),
    "newer schema": (
        lambda r: edit(
            r, lambda root: root["attributes"].update(schema_version=SCHEMA_VERSION + 1, szilard_version="9.1")
        ),
        rf"written by szilard 9\.1 \(schema {SCHEMA_VERSION + 1}.*upgrade szilard",
    ),
    "truncated chunk": (cut_chunk, "array 'ledger/work' .* is damaged: chunk 0 holds 100 bytes instead of 8192"),
    "missing chunk": (
        lambda r: (r / "record.zarr" / "ledger" / "work_error" / "c" / "0").unlink(),
        "array 'ledger/work_error' .* lacks its chunk 0",
    ),
    "missing array": (
        lambda r: shutil.rmtree(r / "record.zarr" / "ledger" / "loss"),
        "array 'ledger/loss' .* lacks its chunk 0",
    ),
    "missing steps": (
        lambda r: edit(r, lambda root: root["consolidated_metadata"]["metadata"].pop("ledger/step")),
        "group 'ledger' of the record .* lacks its array 'step'",
    ),
    "chunk a directory": (
        lambda r: (
            (r / "record.zarr" / "ledger" / "work" / "c" / "0").unlink(),
            (r / "record.zarr" / "ledger" / "work" / "c" / "0").mkdir(),
        ),
        "array 'ledger/work' .* lacks its chunk 0",
    ),
    "conflicting lengths": (lambda r: edit(r, other_length), "has another length than its group"),
    "negative length": (lambda r: edit(r, negative_length), "damaged: restore .*-1"),
    "absurd length": (lambda r: edit(r, longer_than_its_chunks), "lacks its chunk"),
    "pickled codec": (lambda r: edit(r, pickled_codec), "array 'ledger/work' is stored in a way"),
    "pickles in old format": (lambda r: edit(r, old_format_with_pickles), "array 'ledger/work' is stored in a way"),
    "no names": (lambda r: edit(r, no_names), "array 'ledger/work' has dimensions without names"),
    "object dtype": (lambda r: edit(r, object_dtype), "array 'ledger/work' is stored in a way"),
    "name with a path": (lambda r: edit(r, climb_out), "stored in a way|cannot name a part"),
    "journal a directory": (
        lambda r: ((r / "journal.jsonl").unlink(), (r / "journal.jsonl").mkdir()),
        "cannot be written: Is a directory",
    ),
}  # fmt: skip
WRITING_ONLY = {"journal a directory"}


@pytest.mark.parametrize("case", DAMAGES)
def test_damage_is_named(record, case):
    damage, message = DAMAGES[case]
    damage(record)
    if case in WRITING_ONLY:
        assert read(record)["ledger/step"].size == ROWS
    else:
        with pytest.raises(RecordError, match=message):
            read(record)
    with pytest.raises(RecordError, match=message):
        again = RecordWriter.reopen(record)
        raise AssertionError(again)


def test_nothing_is_unpickled(record, monkeypatch):
    """A chunk that is a pickle is read as the bytes it is not: its length is wrong, and it never runs."""

    class Bomb:
        def __reduce__(self):
            return (os.abort, ())

    def refuse(*_):
        raise AssertionError("something was unpickled")

    (record / "record.zarr" / "ledger" / "work" / "c" / "0").write_bytes(pickle.dumps(Bomb()))
    monkeypatch.setattr(pickle, "loads", refuse)
    monkeypatch.setattr(pickle, "load", refuse)
    with pytest.raises(RecordError, match="is damaged"):
        read(record)
