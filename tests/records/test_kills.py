"""A process killed at any instant leaves a record that opens, with every row it had handed over."""

from __future__ import annotations

import math
import os
import random
import signal
import struct
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import xarray as xr
import zarr

from szilard.records.reader import read
from szilard.records.writer import RecordWriter

KILLS = 8 if os.environ.get("SZILARD_QUICK") == "1" else 40
LIVE_READS = 60
PATIENCE = 60
"""Seconds for a writer to end that was told to, or killed."""
COUNTERS = struct.Struct("qqq")
"""Rows appended, rows committed, and whether to stop; all −1 until the record exists."""
Fork = Callable[[str], BaseProcess]

PROGRAM = """
import itertools, math, mmap, struct, time, warnings
from szilard.records import schema, writer
warnings.simplefilter("error")
writer.COMMIT_SECONDS = float("inf")  # the test says when
with open({counters!r}, "r+b") as file:
    shared = mmap.mmap(file.fileno(), 24)  # the kernel keeps what is mapped when the process dies
few = [each for each in schema.LEDGER if each.name in ("interval", "energy", "work", "work_by_interval")]
groups = (
    schema.Group("ledger", tuple(few), {{"path_interval": (1, 2, 4)}}),
    schema.Group("samples", schema.SAMPLES[:8], {{"bin": tuple(range(schema.HISTOGRAM_BINS))}}),
)
record = writer.RecordWriter({path!r}, groups=groups, attributes={{"name": "killed"}})
shared[:16] = struct.pack("qq", 0, 0)
for i in itertools.count():
    record.append("ledger", i, {{"interval": 1, "work": math.sin(i), "work_by_interval": [i, math.cos(i), -i]}})
    if i % 10 == 0:
        record.append("samples", i, {{"heat_sampled": math.cos(i), "ep_histogram": [i] * schema.HISTOGRAM_BINS}})
    shared[:16] = struct.pack("qq", i + 1, record._store.lengths["ledger"])
    if i % {rows_per_commit} == {rows_per_commit} - 1:
        record.commit()
    shared[:16] = struct.pack("qq", i + 1, record._store.lengths["ledger"])
    if shared[16] == 1:
        break
    time.sleep({step_seconds})
record.close()
"""


def start(fork: Fork, directory: Path, rows_per_commit: int, step_seconds: float = 0.0) -> tuple[BaseProcess, Path]:
    """A child that writes a record at every step until it is told to stop, and the file with its counters."""
    directory.mkdir()
    counters = directory / "counters"
    counters.write_bytes(COUNTERS.pack(-1, -1, -1))
    program = PROGRAM.format(
        path=str(directory / "run"),
        counters=str(counters),
        rows_per_commit=rows_per_commit,
        step_seconds=step_seconds,
    )
    return fork(program), counters


def end(child: BaseProcess) -> int | None:
    """Kills it, unless it has ended, and returns how it ended: minus the signal."""
    if child.is_alive():
        child.kill()
    child.join(PATIENCE)
    return child.exitcode


def wait_for_rows(child: BaseProcess, counters: Path, rows: int) -> None:
    deadline = time.monotonic() + 60
    while COUNTERS.unpack(counters.read_bytes())[0] < rows:
        assert child.is_alive(), "the writing process ended by itself"
        assert time.monotonic() < deadline, "the writing process does not get on"
        time.sleep(0.002)


def kill_one(fork: Fork, directory: Path, seed: int) -> tuple[int, int, bool]:
    """Kills a writer at a random instant and holds what it left against what it had said.

    Returns:
        Rows said, rows committed, and whether the kill fell into a commit.
    """
    rng = random.Random(seed)
    child, counters = start(fork, directory, rng.choice([1, 2, 5]))
    try:
        wait_for_rows(child, counters, rng.randrange(60))
        time.sleep(rng.uniform(0.0, 0.03))  # some rows or some files of a commit further
    finally:
        killed = end(child)
    assert killed == -signal.SIGKILL, "the writing process ended by itself"
    said, committed, _ = COUNTERS.unpack(counters.read_bytes())

    tree = read(directory / "run")
    assert tree.attrs["status"] == "incomplete"
    ledger = tree.children["ledger"].to_dataset(inherit=False)
    check(ledger)
    assert said <= ledger.sizes["step"] <= said + 1, "rows that were appended are lost, or counted twice"
    samples = tree.children["samples"]
    assert samples["step"].values.tolist() == list(range(0, 10 * samples.sizes["step"], 10))
    assert samples["heat_sampled"].values.tolist() == [math.cos(i) for i in samples["step"].values]

    plain = xr.open_zarr(directory / "run" / "record.zarr", group="ledger", chunks=None).load()
    assert committed <= plain.sizes["step"] <= ledger.sizes["step"]
    assert plain.identical(ledger.isel(step=slice(plain.sizes["step"])))
    first = zarr.open_array(directory / "run" / "record.zarr" / "ledger" / "energy", mode="r")  # to grow in a commit
    torn = first.shape[0] > plain.sizes["step"]

    writer = RecordWriter.reopen(directory / "run")
    n = len(writer)
    assert n == ledger.sizes["step"]
    writer.append("ledger", n, {"interval": 1, "work": math.sin(n), "work_by_interval": [n, math.cos(n), -n]})
    writer.close()
    again = xr.open_zarr(directory / "run" / "record.zarr", group="ledger", chunks=None).load()
    assert again.sizes["step"] == n + 1
    check(again)
    return said, plain.sizes["step"], torn


def check(ledger: xr.Dataset) -> None:
    """Every row is the one that was written, in order."""
    steps = np.arange(ledger.sizes["step"])
    assert ledger["step"].values.tolist() == steps.tolist()
    assert ledger["work"].values.tolist() == [math.sin(i) for i in steps]
    assert ledger["work_by_interval"].values[:, 2].tolist() == (-steps).tolist()


def test_forty_kills(fork, tmp_path):
    """At seeded random instants; many fall into commits, which follow one another closely here."""
    outcomes = [kill_one(fork, tmp_path / str(seed), seed) for seed in range(KILLS)]
    assert len(outcomes) == KILLS
    assert sum(committed > 0 for _, committed, _ in outcomes) > KILLS // 2, "too few kills fell after a commit"
    assert sum(torn for _, _, torn in outcomes) > KILLS // 4, "too few kills fell into a commit"
    assert sum(said > committed for said, committed, _ in outcomes) > KILLS // 4, "too few kills left rows to recover"


def test_live_reads(fork, tmp_path):
    """While the record grows every read succeeds, by szilard and by plain xarray, and none goes back in time."""
    child, counters = start(fork, tmp_path / "live", 20, 5e-3)
    wait_for_rows(child, counters, 0)
    path, known, plainly_known = tmp_path / "live" / "run", 0, 0
    try:
        for _ in range(LIVE_READS):
            said, committed, _ = COUNTERS.unpack(counters.read_bytes())
            plain = xr.open_zarr(path / "record.zarr", group="ledger", chunks=None).load()
            ledger = read(path).children["ledger"].to_dataset(inherit=False)
            check(plain)
            check(ledger)
            assert plain.sizes["step"] >= max(committed, plainly_known)
            assert ledger.sizes["step"] >= max(said, known, plain.sizes["step"])
            known, plainly_known = ledger.sizes["step"], plain.sizes["step"]
        assert child.is_alive(), "the writing process ended by itself"
        with counters.open("r+b") as file:
            file.seek(16)
            file.write(struct.pack("q", 1))
        child.join(PATIENCE)
        assert child.exitcode == 0
    finally:
        end(child)
    tree = read(path)
    assert tree.attrs["status"] == "complete"
    assert tree["ledger/step"].size == COUNTERS.unpack(counters.read_bytes())[0] > plainly_known > 0
