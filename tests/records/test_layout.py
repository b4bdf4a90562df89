"""What lies in the store: plain numbers in Zarr v3 and nothing else."""

from __future__ import annotations

import json

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
    """As Zarr leaves them when it is killed in the middle of a file."""
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
