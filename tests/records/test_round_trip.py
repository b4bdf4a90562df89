"""What is written is what is read, by szilard and by anybody with Zarr."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr
import zarr

from szilard.errors import RecordError
from szilard.records.reader import read
from szilard.records.schema import (
    HISTOGRAM_BINS,
    LABELLED,
    LEDGER,
    SAMPLES,
    SCHEMA_VERSION,
    TRAINING,
    WORK_QUADRATIC,
    Group,
)
from szilard.records.writer import RecordWriter


def plain(path: Path, group: str) -> xr.Dataset:
    """As somebody without szilard would open it."""
    return xr.open_zarr(path / "record.zarr", group=group, chunks=None).load()


def ledger(path: Path) -> xr.Dataset:
    return read(path).children["ledger"].to_dataset(inherit=False)


def test_rows_come_back_before_and_after_the_commit(writer, row):
    for i in range(3):
        writer.append("ledger", 10 * i, row(i))
    for stage in ("journal", "commit", "close"):
        if stage != "journal":
            getattr(writer, stage)()
        data = ledger(writer.path)
        assert data["step"].values.tolist() == [0, 10, 20]
        assert data["work"].values.tolist() == [row(i)["work"] for i in range(3)]
        assert data["interval"].dtype == np.int64
        np.testing.assert_array_equal(data["work_by_interval"].values, [row(i)["work_by_interval"] for i in range(3)])
        assert read(writer.path).attrs["status"] == ("complete" if stage == "close" else "incomplete")
    assert plain(writer.path, "ledger").identical(data)


@pytest.mark.parametrize("commits", [(), (1,), (1023,), (1024,), (1025,), (500, 1024, 2048, 2049), (2500,)])
def test_chunks_fill_up_whatever_the_commits(writer, row, commits):
    """2,500 rows fill two chunks and part of a third; every boundary is met from either side."""
    for i in range(2500):
        if i in commits:
            writer.commit()
        writer.append("ledger", i, {"work": row(i)["work"], "work_by_interval": [i, 2 * i, 3 * i]})
    writer.close()
    for data in (ledger(writer.path), plain(writer.path, "ledger")):
        assert data["step"].values.tolist() == list(range(2500))
        assert data["work"].values.tolist() == [row(i)["work"] for i in range(2500)]
        assert data["work_by_interval"].values[:, 2].tolist() == [3.0 * i for i in range(2500)]
        assert np.isnan(data["loss"].values).all()
        assert (data["interval"].values == -1).all()


def test_reopened_again_and_again(writer, row):
    """Every restart folds the journal in and goes on behind it."""
    rng = np.random.default_rng(0)
    done = 0
    for _ in range(12):
        for _ in range(int(rng.integers(0, 300))):
            writer.append("ledger", done, row(done))
            done += 1
            if rng.random() < 0.01:
                writer.commit()
        writer = RecordWriter.reopen(writer.path)  # the old one is left as a killed process leaves it
        assert len(writer) == done
    assert done > 1024
    writer.close()
    assert ledger(writer.path)["work"].values.tolist() == [row(i)["work"] for i in range(done)]
    assert plain(writer.path, "ledger").identical(ledger(writer.path))
    assert (writer.path / "journal.jsonl").read_bytes() == b""


def test_ragged_last_interval_and_a_group_with_its_own_steps(writer, row):
    for i in range(3):
        writer.append("ledger", 10 * i, row(i))
    writer.append("ledger", 27, {**row(3), "interval": 7})
    writer.append("samples", 20, {"heat_sampled": -1.5, "ep_histogram": np.array([1, 2, 3, 4])})
    writer.close()
    tree = read(writer.path)
    assert tree["ledger/interval"].values.tolist() == [10, 10, 10, 7]
    assert tree["ledger/step"].values.tolist() == [0, 10, 20, 27]
    assert tree["samples/step"].values.tolist() == [20]
    assert tree["samples/ep_histogram"].values.tolist() == [[1, 2, 3, 4]]
    assert plain(writer.path, "samples").identical(tree.children["samples"].to_dataset(inherit=False))


def test_what_is_no_number_survives_and_the_journal_is_strict_json(writer):
    values = [math.nan, math.inf, -math.inf, 1e-310, -0.0]
    for step, value in enumerate(values):
        writer.append("ledger", step, {"work": value, "work_by_interval": [value, 1, None]})

    def refuse(constant):
        raise AssertionError(constant)

    for line in (writer.path / "journal.jsonl").read_text().splitlines():
        json.loads(line, parse_constant=refuse)
    before = ledger(writer.path)
    writer.close()
    for data in (before, ledger(writer.path), plain(writer.path, "ledger")):
        assert data["work"].values.tobytes() == np.array(values).tobytes()
        assert data["work_by_interval"].values[:, 0].tobytes() == np.array(values).tobytes()
        assert np.isnan(data["work_by_interval"].values[:, 2]).all()


def test_tensors_and_arrays_are_taken(writer):
    writer.append(
        "ledger", torch.tensor(3), {"work": torch.tensor(0.5), "interval": np.int32(4), "loss": np.float32(2)}
    )
    writer.append("ledger", 4, {"work_by_interval": torch.tensor([1.0, 2.0, 3.0])})
    data = ledger(writer.path)
    assert (data["work"].values[0], data["interval"].values[0], data["loss"].values[0]) == (0.5, 4, 2.0)
    assert data["work_by_interval"].values[1].tolist() == [1, 2, 3]


def test_the_whole_schema_says_what_it_is(tmp_path):
    """Every attribute of the contract, on every array of a full record, read by plain xarray."""
    wide = Group("ledger", (*LEDGER, WORK_QUADRATIC, *TRAINING, *LABELLED), {"path_interval": (10.0, 20.0)})
    samples = Group("samples", SAMPLES, {"bin": tuple(range(HISTOGRAM_BINS))})
    writer = RecordWriter(tmp_path / "full", groups=(wide, samples), attributes={})
    writer.append("ledger", 0, {})
    writer.append("samples", 0, {})
    writer.close()
    for group in (wide, samples):
        data = plain(writer.path, group.name)
        assert data.sizes["step"] == 1
        for variable in group.variables:
            array = data[variable.name]
            attributes = array.attrs
            assert array.dims == ("step", *variable.dims)
            assert array.dtype == (np.int64 if variable.integer else np.float64)
            assert attributes["long_name"] == variable.long_name
            assert attributes["units"] == variable.units
            assert attributes["cumulative"] is variable.cumulative
            assert attributes.get("kind") == (None if variable.kind is None else variable.kind.value)
            assert attributes.get("equation", "") == variable.equation
            assert attributes.get("error_meaning") == variable.error
            if variable.error is None:
                assert f"{variable.name}_error" not in data
                assert "ancillary_variables" not in attributes
            else:
                error = data[attributes["ancillary_variables"]]
                assert error.dims == array.dims
                assert error.attrs["error_meaning"] == variable.error
                assert error.attrs["units"] == variable.units
    assert plain(writer.path, "ledger")["path_interval"].values.tolist() == [10.0, 20.0]


def test_attributes_are_annotated_at_once_and_typed(writer):
    assert read(writer.path).attrs["schema_version"] == SCHEMA_VERSION
    writer.annotate(every=7, calibration={"record_seconds": 0.5, "steps": (1, 2)}, budget=math.nan)
    for stage in ("journal", "commit"):
        if stage == "commit":
            writer.commit()
        attributes = read(writer.path).attrs
        assert attributes["every"] == 7
        assert attributes["calibration"] == {"record_seconds": 0.5, "steps": [1, 2]}
        assert attributes["budget"] is None
        assert attributes["probe"] == {"inputs": 64}
        assert "notes" not in attributes
    assert zarr.open_group(writer.path / "record.zarr", mode="r").attrs["every"] == 7


def test_a_broken_run_stays_broken(writer, row):
    writer.append("ledger", 0, row(0))
    writer.annotate(status="broken", broken_at_step=3, broken_because="loss is NaN")
    writer.close()
    attributes = read(writer.path).attrs
    assert (attributes["status"], attributes["broken_at_step"]) == ("broken", 3)
    assert ledger(writer.path).sizes["step"] == 1


def test_coordinates_may_be_known_late(writer, row):
    writer.append("ledger", 0, row(0))
    writer.commit()
    writer.set_coordinate("ledger", "path_interval", [7, 14, 28])
    for stage in ("journal", "commit", "reopen"):
        if stage == "commit":
            writer.commit()
        if stage == "reopen":
            RecordWriter.reopen(writer.path).close()
        assert ledger(writer.path)["path_interval"].values.tolist() == [7, 14, 28]
        assert "coordinates" not in read(writer.path).attrs
    assert plain(writer.path, "ledger")["path_interval"].values.tolist() == [7, 14, 28]


def test_closed_is_closed(writer):
    writer.close()
    writer.close()
    with pytest.raises(RecordError, match="closed"):
        writer.append("ledger", 0, {})
    with pytest.raises(RecordError, match="closed"):
        writer.annotate(every=1)


@pytest.mark.parametrize("moment", ["read_journal", "load_committed"])
def test_a_commit_in_the_middle_of_a_read_loses_nothing(writer, row, monkeypatch, moment):
    """Whichever of the two is read second, the rows have moved when it is."""
    from szilard.records import reader

    for i in range(5):
        writer.append("ledger", i, row(i))
    really = getattr(reader, moment)

    def after_a_commit(path):
        writer.commit()
        return really(path)

    monkeypatch.setattr(reader, moment, after_a_commit)
    assert ledger(writer.path)["step"].values.tolist() == [0, 1, 2, 3, 4]


def test_killed_between_commit_and_the_new_journal(writer, row, monkeypatch):
    """The old lines are still there: nothing counts twice, for readers and for the writer that goes on."""
    for i in range(5):
        writer.append("ledger", i, row(i))
    writer.annotate(every=3)
    monkeypatch.setattr(writer._journal, "restart", lambda: None)
    writer.commit()
    assert (writer.path / "journal.jsonl").stat().st_size > 0
    assert ledger(writer.path)["step"].values.tolist() == [0, 1, 2, 3, 4]
    again = RecordWriter.reopen(writer.path)
    again.append("ledger", 5, row(5))
    again.close()
    assert plain(writer.path, "ledger")["work"].values.tolist() == [row(i)["work"] for i in range(6)]
