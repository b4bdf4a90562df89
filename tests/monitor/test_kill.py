"""A training killed at any instant leaves a record that opens, says that it is incomplete, and lacks no row it had.

The rows that are left must be those of the same training left alone, to the bit.
"""

from __future__ import annotations

import os
import random
import signal
import struct
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
import xarray as xr

import szilard

KILLS = 8 if os.environ.get("SZILARD_QUICK") == "1" else 40
STEPS = 160
COUNTERS = struct.Struct("qqq")
"""Steps trained, rows appended, rows committed; all −1 until the monitor watches."""
Fork = Callable[[str], BaseProcess]

PROGRAM = """
import mmap, struct, warnings
import torch, szilard.records.writer as writer
from szilard import Classifier, Monitor
warnings.simplefilter("error")
torch.set_num_threads(1)
with open({directory!r} + "/counters", "r+b") as file:
    shared = mmap.mmap(file.fileno(), 24)  # the kernel keeps what is mapped when the process dies
writer.COMMIT_SECONDS = float("inf")  # the test says when
torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
monitor = Monitor(Classifier(model, torch.randn(20, 4)), optimizer, {directory!r} + "/run", every=1, quiet=True)
record = monitor._session.writer.record
for step in range({steps}):
    shared[:24] = struct.pack("qqq", step, len(record), record._store.lengths["ledger"])
    loss = torch.nn.functional.cross_entropy(model(torch.randn(16, 4)), torch.randint(3, (16,)))
    optimizer.zero_grad(); loss.backward(); optimizer.step()
    monitor.step(loss)
    if step % {rows_per_commit} == {rows_per_commit} - 1:
        record.commit()
monitor.close()
"""


def start(fork: Fork, directory: Path, rows_per_commit: int) -> BaseProcess:
    """A training in a process of its own."""
    directory.mkdir()
    (directory / "counters").write_bytes(COUNTERS.pack(-1, -1, -1))
    return fork(PROGRAM.format(directory=str(directory), rows_per_commit=rows_per_commit, steps=STEPS))


@pytest.fixture(scope="module")
def whole(fork: Fork, tmp_path_factory: pytest.TempPathFactory) -> dict[str, xr.Dataset]:
    """The record of the training left alone."""
    directory = tmp_path_factory.mktemp("whole") / "one"
    child = start(fork, directory, 100)
    child.join()
    assert child.exitcode == 0
    run = szilard.open(directory / "run")
    assert run.complete
    assert run.data.sizes["step"] == STEPS + 1
    return {name: run.tree[name].to_dataset().drop_vars("wall_time", errors="ignore") for name in ("ledger", "samples")}


def kill_one(fork: Fork, directory: Path, seed: int, whole: dict[str, xr.Dataset]) -> tuple[int, int, int]:
    """Kills a training at a random instant; returns its steps, the rows that were left and those committed."""
    rng = random.Random(seed)
    child = start(fork, directory, rng.choice([10, 15, 25]))
    target, deadline = rng.randrange(90), time.monotonic() + 60
    try:
        while COUNTERS.unpack((directory / "counters").read_bytes())[0] < target:
            assert time.monotonic() < deadline, "the training does not get on"
            time.sleep(0.002)
        time.sleep(rng.uniform(0.0, 0.02))
    finally:
        child.kill()
        child.join()
    assert child.exitcode == -signal.SIGKILL, "the training ended by itself"
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
    plain = xr.open_zarr(directory / "run" / "record.zarr", group="ledger", chunks=None)
    assert committed <= plain.sizes["step"] <= rows
    return steps, rows, plain.sizes["step"]


def test_forty_kills(fork, whole, tmp_path):
    left = [kill_one(fork, tmp_path / str(seed), seed, whole) for seed in range(KILLS)]
    assert len(left) == KILLS
    assert sum(rows > committed > 0 for _, rows, committed in left) > KILLS // 4, "too few kills left rows to recover"
    assert len({steps for steps, _, _ in left}) > KILLS // 4, "the kills do not differ enough"
    assert "Incomplete: the run is still going, or it was killed" in szilard.open(tmp_path / "0" / "run").summary()
