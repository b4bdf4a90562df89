"""Where chunks are trained: in this process, a thread for each core, or on the workers of a Dask cluster.

In this process each thread has a chunk whose weights stay in its core's cache: nothing within an operation waits for
another core then, and memory stays that of the chunks that are under way.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import torch

from szilard.ensemble.checkpoints import CheckpointStore
from szilard.ensemble.chunk import Trained
from szilard.ensemble.chunked_plan import ChunkedPlan
from szilard.errors import SpecError

_PATIENCE = 0.2
"""Seconds between looks at whether a worker has failed."""

Report = Callable[[int, int], None]
"""Is told a chunk's number and how many steps it has done."""

Executor = Callable[[ChunkedPlan, CheckpointStore, Callable[[Trained], None], Report], None]
"""Trains all chunks of a plan into a folder of checkpoints, and says so at each record of a chunk."""


def executor_of(executor: Any) -> Executor:
    """The function that trains all chunks of a plan, on this machine or on a cluster.

    Args:
        executor: ``"local"``; ``"dask"`` (the program's current client, else a cluster of processes on this machine);
            the address of a Dask scheduler (``"tcp://…"``); or a ``distributed.Client``.

    Raises:
        SpecError: for anything else, or if Dask is not installed.
    """
    if executor in (None, "local"):
        return run_locally
    if isinstance(executor, str) and executor != "dask" and "://" not in executor:
        raise SpecError(
            f"there is no executor {executor!r}: give 'local', 'dask', the address of a Dask scheduler (tcp://…), or a"
            " distributed.Client."
        )
    from szilard.ensemble import cluster

    return cluster.DaskExecutor(executor).run


class _Stopped(Exception):
    """Ends a worker whose run was interrupted."""


def run_locally(
    plan: ChunkedPlan, checkpoints: CheckpointStore, take: Callable[[Trained], None], report: Report
) -> None:
    """Trains every chunk from its last checkpoint to its end.

    Args:
        plan: what there is to do.
        checkpoints: where checkpoints are kept.
        take: is told of each record of a chunk that is in the folder, in this thread.
        report: is told a chunk's number and how many steps it has done.
    """
    missing = [number for number in range(plan.chunks) if not checkpoints.finished(number, len(plan.steps))]
    for number in set(range(plan.chunks)) - set(missing):
        report(number, plan.steps[-1])
    stop = threading.Event()
    ready: queue.Queue[Trained] = queue.Queue(maxsize=2 * plan.workers)
    with _threads_kept(), ThreadPoolExecutor(plan.workers) as pool:
        futures = [pool.submit(_train, plan, number, checkpoints, ready, stop, report) for number in missing]
        try:
            for trained in _coming(ready, futures):
                take(trained)
        finally:
            stop.set()
            with contextlib.suppress(queue.Empty):
                while True:
                    ready.get_nowait()
            pool.shutdown(wait=False, cancel_futures=True)


def _train(
    plan: ChunkedPlan,
    number: int,
    checkpoints: CheckpointStore,
    ready: queue.Queue[Trained],
    stop: threading.Event,
    report: Report,
) -> None:
    """Trains one chunk, in a thread of its own."""

    def told(step: int) -> None:
        if stop.is_set():
            raise _Stopped
        report(number, step)

    chunk, start = plan.make_chunk(number), checkpoints.checkpoint(number)
    for chunk_record in chunk.train(start, lambda state: checkpoints.save(number, state), told):
        checkpoints.store(chunk_record)  # before the checkpoint that says it is done
        _put(ready, chunk_record.trained, stop)


def _put(ready: queue.Queue[Trained], trained: Trained, stop: threading.Event) -> None:
    while True:
        if stop.is_set():
            raise _Stopped
        with contextlib.suppress(queue.Full):
            ready.put(trained, timeout=_PATIENCE)
            return


def _coming(ready: queue.Queue[Trained], futures: list[Future[None]]) -> Iterator[Trained]:
    """What was trained, as it comes, until all workers are done; what went wrong in one of them is raised here."""
    while True:
        done = all(future.done() for future in futures)
        for future in futures:
            if future.done():
                future.result()
        try:
            yield ready.get(timeout=_PATIENCE if not done else 0.0)
        except queue.Empty:
            if done:
                return


@contextlib.contextmanager
def _threads_kept() -> Iterator[None]:
    threads = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(threads)
