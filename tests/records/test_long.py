"""A long record is opened without its numbers, which are read when they are asked for."""

from __future__ import annotations

import numpy as np
import pytest

import szilard
from szilard.errors import RecordError
from szilard.records import lazy, reader
from szilard.records.reader import read
from szilard.records.writer import RecordWriter

ROWS = 2500


@pytest.fixture
def long(tmp_path, groups, row, monkeypatch):
    """A record whose last rows are in the journal, long as this reader has it; and the same in memory."""
    writer = RecordWriter(tmp_path / "long", groups=groups, attributes={"kind_of_run": "single"})
    for i in range(ROWS):
        writer.append("ledger", i, row(i))
        if i == ROWS - 10:
            writer.commit()
    whole = read(writer.path)["ledger"].to_dataset(inherit=False)
    monkeypatch.setattr(reader, "LONG", 1000)
    return writer, read(writer.path)["ledger"].to_dataset(inherit=False), whole


def test_every_way_to_ask_gives_the_same_numbers(long):
    _, data, whole = long
    assert not data["work"]._in_memory and data["step"]._in_memory and whole["work"]._in_memory
    for name in ("work", "interval", "work_by_interval"):
        ours, theirs = data[name], whole[name].values
        assert ours.dtype == theirs.dtype
        for key in (
            -1, 0, 1023, 1024, ROWS - 5, slice(None), slice(1000, 1100), slice(1020, 2490, 7), slice(None, None, -1),
            slice(ROWS - 12, None), slice(5, 5), [3, 2000, ROWS - 1, 3], np.arange(ROWS) % 500 == 1,
        ):  # fmt: skip
            np.testing.assert_array_equal(ours[key].values, theirs[key])
    np.testing.assert_array_equal(
        data["work_by_interval"][1030:1040, ::2].values, whole["work_by_interval"][1030:1040, ::2]
    )
    np.testing.assert_array_equal(data["work"].sel(step=[7, 2495]).values, whole["work"].sel(step=[7, 2495]).values)
    assert data.identical(whole)


def test_it_is_the_record_that_was_opened(long, groups, row):
    """While it grows; one that took its place is not taken for it."""
    writer, data, whole = long
    writer.append("ledger", ROWS, row(ROWS))
    writer.close()
    RecordWriter.reopen(writer.path).close()
    np.testing.assert_array_equal(data["work"].values, whole["work"].values)
    RecordWriter(writer.path, groups=groups, attributes={}, overwrite=True).close()
    with pytest.raises(RecordError, match="replaced or removed after it was opened: open it again"):
        _ = data["work"].values


def test_damage_is_named_when_it_is_read(long):
    writer, data, _ = long
    writer.close()
    (writer.path / "record.zarr" / "ledger" / "work" / "c" / "1").unlink()
    run = szilard.open(writer.path)
    assert run.data["loss"].size == ROWS
    for broken in (run.data, data):
        with pytest.raises(RecordError, match=r"'ledger/work' of the record .* lacks its chunk 1"):
            _ = broken["work"].values
    assert lazy.LONG == 2**16
