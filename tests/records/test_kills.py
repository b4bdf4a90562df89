"""A process killed at any instant leaves a record that opens, with every row it had handed over."""

from __future__ import annotations

import math
import os
import random
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
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

SERVER = """
import itertools, math, mmap, os, struct, sys, threading, time
from pathlib import Path
from szilard.records import schema, writer
writer.COMMIT_SECONDS = float("inf")  # the test says when
assert threading.active_count() == 1, "to fork with threads is not safe"

def write(path, rows_per_commit, counters, step_seconds):
    with open(counters, "r+b") as file:
        shared = mmap.mmap(file.fileno(), 24)  # the kernel keeps what is mapped when the process dies
    groups = (
        schema.Group("ledger", schema.LEDGER, {"path_interval": (1, 2, 4)}),
        schema.Group("samples", schema.SAMPLES, {"bin": tuple(range(schema.HISTOGRAM_BINS))}),
    )
    record = writer.RecordWriter(path, groups=groups, attributes={"name": "killed"})
    shared[:16] = struct.pack("qq", 0, 0)
    for i in itertools.count():
        record.append("ledger", i, {"interval": 1, "work": math.sin(i), "work_by_interval": [i, math.cos(i), -i]})
        if i % 10 == 0:
            record.append("samples", i, {"heat_sampled": math.cos(i), "ep_histogram": [i] * schema.HISTOGRAM_BINS})
        shared[:16] = struct.pack("qq", i + 1, record._store.lengths["ledger"])
        if i % rows_per_commit == rows_per_commit - 1:
            record.commit()
        shared[:16] = struct.pack("qq", i + 1, record._store.lengths["ledger"])
        if shared[16] == 1:
            break
        time.sleep(step_seconds)
    record.close()

for line in sys.stdin:
    command, *arguments = line.split()
    if command == "poll":
        print(*os.waitpid(int(arguments[0]), os.WNOHANG), flush=True)
        continue
    child = os.fork()
    if child == 0:
        try:
            write(Path(arguments[0]), int(arguments[1]), arguments[2], float(arguments[3]))
        except BaseException:
            import traceback
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    print(child, flush=True)
"""


class Server:
    """Forks writers of records from a process that has everything imported already."""

    def __init__(self) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVER], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.lock = threading.Lock()

    def ask(self, line: str) -> list[int]:
        assert self.process.stdin is not None and self.process.stdout is not None
        with self.lock:
            self.process.stdin.write(f"{line}\n")
            self.process.stdin.flush()
            return [int(word) for word in self.process.stdout.readline().split()]


@dataclass
class Child:
    """A writer that the server forked."""

    server: Server
    pid: int
    status: int | None = None

    def poll(self) -> int | None:
        """How it ended, as ``waitpid`` says it; None while it runs."""
        if self.status is None:
            pid, status = self.server.ask(f"poll {self.pid}")
            self.status = status if pid else None
        return self.status

    def end(self) -> int | None:
        """Kills it, unless it has ended, and returns how it ended."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
        return self.wait()

    def wait(self) -> int | None:
        """How it ended, as ``waitpid`` says it."""
        until = time.monotonic() + PATIENCE
        while (status := self.poll()) is None:
            assert time.monotonic() < until, f"the writer did not end within {PATIENCE} seconds"
            time.sleep(0.002)
        return status


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.process.communicate(timeout=PATIENCE)
    assert running.process.returncode == 0


def start(server: Server, directory: Path, rows_per_commit: int, step_seconds: float = 0.0) -> tuple[Child, Path]:
    """A child that writes a record at every step until it is told to stop, and the file with its counters."""
    directory.mkdir()
    counters = directory / "counters"
    counters.write_bytes(COUNTERS.pack(-1, -1, -1))
    (pid,) = server.ask(f"write {directory / 'run'} {rows_per_commit} {counters} {step_seconds}")
    return Child(server, pid), counters


def wait_for_rows(child: Child, counters: Path, rows: int) -> None:
    deadline = time.monotonic() + 60
    while COUNTERS.unpack(counters.read_bytes())[0] < rows:
        assert child.poll() is None, "the writing process ended by itself"
        assert time.monotonic() < deadline, "the writing process does not get on"
        time.sleep(0.002)


def kill_one(server: Server, directory: Path, seed: int) -> tuple[int, int, bool]:
    """Kills a writer at a random instant and holds what it left against what it had said.

    Returns:
        Rows said, rows committed, and whether the kill fell into a commit.
    """
    rng = random.Random(seed)
    child, counters = start(server, directory, rng.choice([20, 60, 100]))
    try:
        wait_for_rows(child, counters, rng.randrange(200))
        time.sleep(rng.uniform(0.0, 0.2))  # some rows or some files of a commit further
    finally:
        killed = child.end()
    assert killed == signal.SIGKILL, "the writing process ended by itself"
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


def test_forty_kills(server, tmp_path):
    """At seeded random instants; many fall into commits, which follow one another closely here."""
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda seed: kill_one(server, tmp_path / str(seed), seed), range(KILLS)))
    assert len(outcomes) == KILLS
    assert sum(committed > 0 for _, committed, _ in outcomes) > KILLS // 2, "too few kills fell after a commit"
    assert sum(torn for _, _, torn in outcomes) > KILLS // 4, "too few kills fell into a commit"
    assert sum(said > committed for said, committed, _ in outcomes) > KILLS // 4, "too few kills left rows to recover"


def test_live_reads(server, tmp_path):
    """While the record grows every read succeeds, by szilard and by plain xarray, and none goes back in time."""
    child, counters = start(server, tmp_path / "live", 20, 5e-4)
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
        assert child.poll() is None, "the writing process ended by itself"
        with counters.open("r+b") as file:
            file.seek(16)
            file.write(struct.pack("q", 1))
        assert child.wait() == 0
    finally:
        child.end()
    tree = read(path)
    assert tree.attrs["status"] == "complete"
    assert tree["ledger/step"].size == COUNTERS.unpack(counters.read_bytes())[0] > plainly_known > 0
