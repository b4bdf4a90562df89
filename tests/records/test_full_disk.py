"""A disk that is full or gone never stops a training, and costs no row that can still be written."""

from __future__ import annotations

import errno
import os
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest
import xarray as xr

from szilard.errors import RecordError, SzilardWarning
from szilard.records import layout
from szilard.records.journal import Journal
from szilard.records.reader import read
from szilard.records.writer import RecordWriter


def fill_journal(writer: RecordWriter, patch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The journal on a device that is full, as a disk would be: writing gives a real ENOSPC."""
    writer._journal.close()
    writer._journal.path.unlink()
    writer._journal.path.symlink_to("/dev/full")
    writer._journal = Journal(writer._journal.path)

    def repair() -> None:
        writer._journal.path.unlink()
        writer._journal.path.touch()

    return repair


def fill_store(writer: RecordWriter, patch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The same for the store: whatever is opened to write there is on the full device."""
    really, store = Path.open, writer.path / "record.zarr"

    def full(path: Path, mode: str = "r", *arguments: Any) -> IO[Any]:
        writing = "w" in mode and path.is_relative_to(store)
        return really(Path("/dev/full") if writing else path, mode, *arguments)

    patch.setattr(Path, "open", full)
    return lambda: patch.setattr(Path, "open", really)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full on this system")
@pytest.mark.parametrize(
    "filled", [(fill_journal,), (fill_store,), (fill_journal, fill_store)], ids=["journal", "store", "both"]
)
def test_a_full_disk_warns_once_keeps_the_rows_and_writes_them_later(writer, row, filled, monkeypatch):
    writer.append("ledger", 0, row(0))
    repairs = [fill(writer, monkeypatch) for fill in filled]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for i in range(1, 6):
            writer.append("ledger", i, row(i))
            if fill_store in filled:
                writer.commit()
    assert [warning.category for warning in caught] == [SzilardWarning]
    assert "No space left on device" in str(caught[0].message)
    assert "make room" in str(caught[0].message)
    if fill_journal in filled:
        assert caught[0].filename == __file__, "the warning should point at the caller's line"
    if fill_store in filled:
        with pytest.raises(
            RecordError, match=r"6 rows of the record .* No space left on device; make room and call close"
        ):
            writer.close()
    for repair in repairs:
        repair()
    writer.close()
    tree = read(writer.path)
    assert tree["ledger/work"].values.tolist() == [row(i)["work"] for i in range(6)]
    assert tree.attrs["status"] == "complete"
    plain = xr.open_zarr(writer.path / "record.zarr", group="ledger", chunks=None)
    assert plain.sizes["step"] == 6


FILES = 2 * 7 + 1
"""Of a commit to the ledger: for each array its metadata and a chunk, and the root."""


@pytest.mark.parametrize("at", [0, 1, 2, 5, 11, FILES - 1])
def test_a_commit_that_fails_midway_is_not_seen_and_is_made_good(writer, row, monkeypatch, at):
    """The disk fills up at the n-th file of the commit, the root being the last."""
    writer.append("ledger", 0, row(0))
    writer.commit()
    writer.append("ledger", 1, row(1))
    whole, left, written = layout.put, [at], []

    def fill_up(file, data):
        if left[0] == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        left[0] -= 1
        written.append(str(file.relative_to(writer.path / "record.zarr")))
        whole(file, data)

    monkeypatch.setattr(layout, "put", fill_up)
    with pytest.warns(SzilardWarning, match="No space left"):
        writer.commit()
    assert xr.open_zarr(writer.path / "record.zarr", group="ledger", chunks=None).load()["step"].values.tolist() == [0]
    assert read(writer.path)["ledger/step"].values.tolist() == [0, 1]
    writer.append("ledger", 2, row(2))
    left[0] = -1
    written.clear()
    writer.commit()
    assert (len(written), written[-1]) == (FILES, "zarr.json")
    plain = xr.open_zarr(writer.path / "record.zarr", group="ledger", chunks=None).load()
    assert plain["work"].values.tolist() == [row(i)["work"] for i in range(3)]


def test_a_journal_that_takes_half_a_line_takes_it_back(writer, row, monkeypatch):
    """The disk fills up in the middle of a line."""
    writer.append("ledger", 0, row(0))
    really = os.write

    def half(file, data):
        if len(data) > 50:
            return really(file, data[:50])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def fail(file, data):
        really(file, data[:50])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for way in (half, fail):
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", way)
            writer._warned = True
            writer.append("ledger", len(writer), row(len(writer)))
        assert (writer.path / "journal.jsonl").read_bytes().count(b"\n") == 1
        assert (writer.path / "journal.jsonl").read_bytes().endswith(b"\n")
    writer.append("ledger", 3, row(3))
    assert read(writer.path)["ledger/step"].values.tolist() == [0, 1, 2, 3]


def test_a_directory_that_vanishes_does_not_stop_the_training(writer, row):
    shutil.rmtree(writer.path)
    writer.append("ledger", 0, row(0))
    with pytest.warns(SzilardWarning, match="No such file or directory"):
        writer.commit()
    with pytest.raises(RecordError, match=r"1 rows .* could not be written"):
        writer.close()
