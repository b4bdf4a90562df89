"""An ensemble on a Dask cluster of real processes: the same numbers, whatever is lost on the way."""

from __future__ import annotations

import dataclasses
import importlib.util
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import xarray as xr

import szilard
from szilard import Experiment, Training
from szilard.ensemble.checkpoints import CheckpointStore
from szilard.ensemble.cluster import _client, _train_on_worker
from szilard.ensemble.versions import own_versions
from szilard.errors import RecordError, SpecError
from szilard.studies import runner
from szilard.studies.ensemble.run import plan_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="needs szilard[dask]"),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning"),
]


METHOD = "forkserver"
"""Of starting workers: the usual one would import torch in each."""


@pytest.fixture(scope="module")
def client(fork: object) -> Iterator[Any]:
    """What ``executor="dask"`` starts on two cores, for all tests here: the last of them closes its cluster."""
    import dask  # here, so that not all processes of the tests load it
    import distributed  # noqa: F401 - before its settings are changed, or they would go with the change

    with pytest.MonkeyPatch.context() as patch, dask.config.set({"distributed.worker.multiprocessing-method": METHOD}):
        patch.setattr("distributed.deploy.local.CPU_COUNT", 2)
        with _client("dask") as started:
            yield started


Same = Callable[[xr.DataTree, xr.DataTree], None]


def longer(small: Experiment, steps: int) -> Experiment:
    return dataclasses.replace(small, training=Training(steps=steps, batch_size=8), chunk=2)


def test_dask_starts_processes_of_one_thread_on_loopback(client: Any) -> None:
    workers = client.scheduler_info()["workers"]
    assert len(workers) == 2 and all(address.startswith("tcp://127.0.0.1:") for address in workers)
    assert {worker["nthreads"] for worker in workers.values()} == {1}
    assert os.getpid() not in {worker.process.pid for worker in client.cluster.workers.values()}


def test_the_numbers_are_those_of_one_process_though_a_worker_is_killed(
    tmp_path: Path, small: Experiment, client: Any, assert_same: Same
) -> None:
    experiment = longer(small, 1500)
    here = runner.run(experiment, tmp_path / "here", quiet=True)
    pids = [worker.process.pid for worker in client.cluster.workers.values()]
    killed: list[int] = []

    def kill() -> None:
        """Once the first chunk is back, and the workers are at the next ones."""
        deadline = time.monotonic() + 120
        while not list((tmp_path / "there").glob("checkpoints/chunk-*")) and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(pids[0], signal.SIGKILL)
        killed.append(pids[0])

    thread = threading.Thread(target=kill)
    thread.start()
    there = runner.run(experiment, tmp_path / "there", quiet=True, executor=client)
    thread.join()
    assert killed and there.complete
    assert_same(here.tree, there.tree)
    assert list(szilard.open(tmp_path / "there").data.step.values) == list(here.data.step.values)


def test_no_scheduler_at_all_is_said_at_once(
    tmp_path: Path, small: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("szilard.ensemble.cluster.CONNECT_SECONDS", 1)
    with pytest.raises(RecordError, match="the Dask scheduler was lost"):
        runner.run(small, tmp_path / "run", quiet=True, executor="tcp://127.0.0.1:9")


def test_without_dask_the_remedy_is_named(tmp_path: Path, small: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(SpecError, match=r"pip install 'szilard\[dask\]'"):
        runner.run(small, tmp_path / "run", quiet=True, executor="dask")


def test_a_worker_of_another_machine_sends_the_files_that_one_of_this_machine_leaves_in_place(
    tmp_path: Path, small: Experiment
) -> None:
    assert small.design is not None
    chunk = plan_of(small, small.design, small.data).make_chunk(0)
    here, there = CheckpointStore(tmp_path / "here"), CheckpointStore(tmp_path / "there")
    for store in (here, there):
        store.begin()
    left, nothing = _train_on_worker(chunk, here, here.mark(), own_versions())
    sent, parcel = _train_on_worker(chunk, there, there.mark() + " of another machine", own_versions())
    assert left == sent and len(left) == len(chunk.steps) and not nothing.files
    assert {path.name for path in there.path.iterdir()} == {"mark"}
    there.unpack(parcel)
    files = {path.name: path.read_bytes() for path in here.path.iterdir() if path.name != "mark"}
    assert list(parcel.files)[-1] == "chunk-0000.safetensors"  # what says that it is done comes last
    assert files == {path.name: path.read_bytes() for path in there.path.iterdir() if path.name != "mark"}


def _missing() -> None:
    raise FileNotFoundError("weights.bin")


def test_what_a_members_model_raises_is_not_called_a_lost_scheduler(
    tmp_path: Path, small: Experiment, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("szilard.ensemble.cluster._train_on_worker", lambda *given: _missing())
    with pytest.raises(FileNotFoundError, match=r"weights\.bin"):
        runner.run(small, tmp_path / "run", quiet=True, executor=client)


def test_trained_models_are_kept_when_asked(tmp_path: Path, small: Experiment, client: Any) -> None:
    runner.run(small, tmp_path / "run", quiet=True, executor=client, keep_checkpoints=True)
    kept = sorted(path.name for path in (tmp_path / "run" / "checkpoints").iterdir())
    assert kept == [f"chunk-{number:04}.safetensors" for number in range(len(kept))] and kept


def test_a_lost_scheduler_leaves_a_record_that_can_be_resumed(
    tmp_path: Path, small: Experiment, client: Any, assert_same: Same
) -> None:
    experiment = longer(small, 1500)

    def close() -> None:
        deadline = time.monotonic() + 120
        while not list((tmp_path / "run").glob("checkpoints/chunk-*")) and time.monotonic() < deadline:
            time.sleep(0.01)
        client.cluster.close()

    thread = threading.Thread(target=close)
    thread.start()
    address = client.cluster.scheduler_address
    with pytest.raises(RecordError, match=r"the Dask scheduler was lost .* go on with resume"):
        runner.run(experiment, tmp_path / "run", quiet=True, executor=address)
    thread.join()
    assert szilard.open(tmp_path / "run").status == "incomplete"
    resumed = runner.run(experiment, tmp_path / "run", quiet=True, resume=True)
    assert_same(resumed.tree, runner.run(experiment, tmp_path / "whole", quiet=True).tree)
