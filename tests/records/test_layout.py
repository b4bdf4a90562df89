"""The store is what zarr-python would have written."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import zarr

from szilard.records.column import CHUNK
from szilard.records.layout import columns_of


def test_documents_equal_those_of_zarr(tmp_path, groups):
    for group in groups:
        for column in columns_of(group):
            shape = (5, *column.shape) if column.grows else column.shape
            zarr.create_array(
                tmp_path / "array.zarr", shape=shape, chunks=column.chunk, dtype=column.dtype, fill_value=column.fill,
                compressors=None, filters=None, dimension_names=column.dims, attributes=dict(column.attributes),
                overwrite=True, zarr_format=3,
            )  # fmt: skip
            assert column.document(5) == json.loads((tmp_path / "array.zarr" / "zarr.json").read_text())


@pytest.mark.filterwarnings("ignore:Consolidated metadata:UserWarning")
def test_consolidation_equals_that_of_zarr(tmp_path, writer, row):
    for i in range(CHUNK + 3):
        writer.append("ledger", i, row(i))
    writer.commit()
    copy = tmp_path / "copy.zarr"
    shutil.copytree(writer.path / "record.zarr", copy)
    zarr.consolidate_metadata(copy)
    assert json.loads((copy / "zarr.json").read_text()) == json.loads(
        (writer.path / "record.zarr" / "zarr.json").read_text()
    )


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
