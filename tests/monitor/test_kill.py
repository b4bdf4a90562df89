"""A training killed at any instant leaves a record that opens, says that it is incomplete, and lacks no row it had.

The rows that are left must be those of the same training left alone, to the bit.
"""

from __future__ import annotations

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
from pathlib import Path

import pytest
import xarray as xr

import szilard

KILLS = 8 if os.environ.get("SZILARD_QUICK") == "1" else 40
STEPS = 200
COUNTERS = struct.Struct("qqq")
"""Steps trained, rows appended, rows committed; all −1 until the monitor watches."""

SERVER = """
import mmap, os, struct, sys, threading
import torch, xarray, zarr
import szilard, szilard.records.writer as writer
from szilard import Classifier, Monitor
torch.set_num_threads(1)
torch.optim.SGD([torch.zeros(1)], lr=0.1)  # what is imported once need not be imported by every child
assert threading.active_count() == 1, "to fork with threads is not safe"

def train(directory, rows_per_commit, steps):
    with open(directory + "/counters", "r+b") as file:
        shared = mmap.mmap(file.fileno(), 24)  # the kernel keeps what is mapped when the process dies
    writer.COMMIT_SECONDS = float("inf")  # the test says when
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    monitor = Monitor(Classifier(model, torch.randn(20, 4)), optimizer, directory + "/run", every=1, quiet=True)
    record = monitor._session.writer.record
    for step in range(steps):
        shared[:24] = struct.pack("qqq", step, len(record), record._store.lengths["ledger"])
        loss = torch.nn.functional.cross_entropy(model(torch.randn(16, 4)), torch.randint(3, (16,)))
        optimizer.zero_grad(); loss.backward(); optimizer.step()
        monitor.step(loss)
        if step % rows_per_commit == rows_per_commit - 1:
            record.commit()
    monitor.close()

for line in sys.stdin:
    command, *arguments = line.split()
    if command == "wait":
        print(os.waitpid(int(arguments[0]), 0)[1], flush=True)
        continue
    child = os.fork()
    if child == 0:
        try:
            train(arguments[0], int(arguments[1]), int(arguments[2]))
        except BaseException:
            import traceback
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    print(child, flush=True)
"""


class Server:
    """Forks trainings from a process that has everything imported already."""

    def __init__(self) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", SERVER],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.lock = threading.Lock()

    def ask(self, line: str) -> int:
        assert self.process.stdin is not None and self.process.stdout is not None
        with self.lock:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
            return int(self.process.stdout.readline())

    def start(self, directory: Path, rows_per_commit: int) -> int:
        """A training's process id."""
        directory.mkdir()
        (directory / "counters").write_bytes(COUNTERS.pack(-1, -1, -1))
        return self.ask(f"train {directory} {rows_per_commit} {STEPS}")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.process.communicate()
    assert running.process.returncode == 0


@pytest.fixture(scope="module")
def whole(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, xr.Dataset]:
    """The record of the training left alone."""
    directory = tmp_path_factory.mktemp("whole") / "one"
    assert server.ask(f"wait {server.start(directory, 100)}") == 0
    run = szilard.open(directory / "run")
    assert run.complete
    assert run.data.sizes["step"] == STEPS + 1
    return {name: run.tree[name].to_dataset().drop_vars("wall_time", errors="ignore") for name in ("ledger", "samples")}


def kill_one(server: Server, directory: Path, seed: int, whole: dict[str, xr.Dataset]) -> tuple[int, int, int]:
    """Kills a training at a random instant; returns its steps, the rows that were left and those committed."""
    rng = random.Random(seed)
    child = server.start(directory, rng.choice([15, 30, 60]))
    target, deadline = rng.randrange(80), time.monotonic() + 60
    try:
        while COUNTERS.unpack((directory / "counters").read_bytes())[0] < target:
            assert time.monotonic() < deadline, "the training does not get on"
            time.sleep(0.002)
        time.sleep(rng.uniform(0.0, 0.05))
    finally:
        os.kill(child, signal.SIGKILL)
        killed = server.ask(f"wait {child}")
    assert killed == signal.SIGKILL, "the training ended by itself"
    steps, appended, committed = COUNTERS.unpack((directory / "counters").read_bytes())

    run = szilard.open(directory / "run")
    assert run.status == "incomplete"
    assert not run.complete
    rows = run.data.sizes["step"]
    assert appended <= rows <= steps + 2, "rows that were appended are lost, or counted twice"
    assert rows > steps - 16, "more rows wait in memory than one batch"
    assert run.data["step"].values.tolist() == list(range(rows))
    for name, reference in whole.items():
        left = run.tree[name].to_dataset()
        same = reference.isel(step=slice(left.sizes["step"]))
        assert left.drop_vars("wall_time", errors="ignore").identical(same.drop_vars("wall_time", errors="ignore")), (
            name
        )
    plain = xr.open_zarr(directory / "run" / "record.zarr", group="ledger", chunks=None).load()
    assert committed <= plain.sizes["step"] <= rows
    return steps, rows, plain.sizes["step"]


def test_forty_kills(server, whole, tmp_path):
    with ThreadPoolExecutor(3) as pool:
        left = list(pool.map(lambda seed: kill_one(server, tmp_path / str(seed), seed, whole), range(KILLS)))
    assert len(left) == KILLS
    assert sum(rows > committed > 0 for _, rows, committed in left) > KILLS // 4, "too few kills left rows to recover"
    assert len({steps for steps, _, _ in left}) > KILLS // 4, "the kills do not differ enough"
    assert "Incomplete: the run is still going, or it was killed" in szilard.open(tmp_path / "0" / "run").summary()
