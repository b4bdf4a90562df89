"""What lies in the store: plain numbers in Zarr v3 and nothing else."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
import zarr

from szilard.records.reader import read
from szilard.records.writer import RecordWriter


def test_nothing_foreign_lies_in_the_store(writer, row):
    """Only documents and chunks, so that whoever lists the directory is not disturbed either."""
    writer.append("ledger", 0, row(0))
    writer.commit()
    store = writer.path / "record.zarr"
    names = {path.relative_to(store).parts[-1] for path in store.rglob("*") if path.is_file()}
    assert names == {"zarr.json", "0"}
    group = zarr.open_group(store, mode="r", use_consolidated=False)
    assert set(group) == {"ledger", "samples"}
    assert np.isnan(group["ledger/work_by_interval"][0, 2])


def test_the_documents_are_those_that_zarr_writes(writer, row):
    """Byte for byte: arrays as it creates them, and the root as it consolidates them."""
    writer.append("ledger", 0, row(0))
    writer.commit()
    ours = writer.path / "record.zarr"
    root = zarr.open_group(ours, mode="r", use_consolidated=False)
    theirs = writer.path.parent / "theirs"
    made = zarr.create_group(theirs, zarr_format=3, attributes=dict(root.attrs))
    for group, node in root.groups():
        inner = made.create_group(group, attributes=dict(node.attrs))
        for name, array in node.arrays():
            copy = inner.create_array(
                name, shape=array.shape, chunks=array.chunks, dtype=array.dtype, fill_value=array.fill_value,
                filters=None, compressors=None, dimension_names=array.metadata.dimension_names,
                attributes=dict(array.attrs), config={"write_empty_chunks": True},
            )  # fmt: skip
            copy[:] = array[:]
    with warnings.catch_warnings(action="ignore"):
        zarr.consolidate_metadata(theirs, zarr_format=3)
    written = {path.relative_to(theirs): path.read_bytes() for path in theirs.rglob("*") if path.is_file()}
    assert {path.relative_to(ours): path.read_bytes() for path in ours.rglob("*") if path.is_file()} == written


def test_rows_of_several_chunks(writer, row):
    """In one commit and in two, with an end in the middle of a chunk, at its edge, and beyond it."""
    at = 0
    for end in (3, 1024, 1024 + 5, 4 * 1024 + 1):
        for i in range(at, end):
            writer.append("ledger", i, row(i))
        writer.commit()
        at = end
        plain = zarr.open_group(writer.path / "record.zarr", mode="r")["ledger"]
        assert plain["step"][:].tolist() == list(range(end))
        assert plain["work"][:].tolist() == [row(i)["work"] for i in range(end)]
        assert read(writer.path)["ledger/work_by_interval"].values[:, 1].tolist() == [
            row(i)["work_by_interval"][1] for i in range(end)
        ]


def test_no_object_and_no_codec_but_bytes(writer):
    """Nothing in a record can be unpickled: there are two dtypes and one codec."""
    root = json.loads((writer.path / "record.zarr" / "zarr.json").read_text())
    arrays = [item for item in root["consolidated_metadata"]["metadata"].values() if item["node_type"] == "array"]
    assert len(arrays) == sum(len(columns) for columns in (writer._columns["ledger"], writer._columns["samples"])) + 2
    assert {item["data_type"] for item in arrays} == {"float64", "int64"}
    assert all([codec["name"] for codec in item["codecs"]] == ["bytes"] for item in arrays)
    assert {item["chunk_grid"]["configuration"]["chunk_shape"][0] for item in arrays} == {1024, 3, 4}


@pytest.mark.parametrize("where", ["", "ledger", "ledger/work", "ledger/work/c"])
def test_halves_of_files_do_no_harm_and_are_taken_away(writer, row, where):
    """As a writer leaves them that is killed in the middle of a file."""
    writer.append("ledger", 0, row(0))
    writer.commit()
    half = writer.path / "record.zarr" / where / "zarr.0123456789abcdef.partial"
    half.write_bytes(b"{")
    assert read(writer.path)["ledger/step"].size == 1
    again = RecordWriter.reopen(writer.path)
    assert not half.exists()
    again.append("ledger", 1, row(1))
    again.close()
    assert read(writer.path)["ledger/step"].size == 2


def test_arrays_that_a_killed_commit_left_longer_are_trimmed(writer, row):
    """By two chunks, of which one lies past what was committed."""
    writer.append("ledger", 0, row(0))
    writer.commit()
    array = zarr.open_array(writer.path / "record.zarr" / "ledger" / "work", mode="r+")
    array.resize((2000,))
    array[1:] = 7.0
    assert read(writer.path)["ledger/work"].values.tolist() == [row(0)["work"]]
    again = RecordWriter.reopen(writer.path)
    assert zarr.open_array(writer.path / "record.zarr" / "ledger" / "work", mode="r").shape == (1,)
    again.append("ledger", 1, row(1))
    again.close()
    assert read(writer.path)["ledger/work"].values.tolist() == [row(0)["work"], row(1)["work"]]
