"""Carries chunks out in this process: a thread for each core, each with a chunk whose weights stay in its cache.

Nothing within an operation waits for another core then, and memory stays that of the chunks that are under way.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import torch

from szilard.ensemble.chunk import Harvest, harvests
from szilard.ensemble.plan import Plan
from szilard.ensemble.scratch import Scratch

_PATIENCE = 0.2
"""Seconds between looks at whether a worker has failed."""

Harvests = queue.Queue[Harvest]
Report = Callable[[int, int], None]


class _Stopped(Exception):
    """Ends a worker whose run was interrupted."""


def carry_out(plan: Plan, scratch: Scratch, take: Callable[[Harvest], None], report: Report) -> None:
    """Trains every chunk from its last checkpoint to its end.

    Args:
        plan: of the ensemble.
        scratch: where checkpoints are kept.
        take: is given each harvest, in this thread.
        report: is told a chunk's number and how many steps it has done.
    """
    missing = [number for number in range(plan.chunks) if not scratch.finished(number, len(plan.steps))]
    for number in set(range(plan.chunks)) - set(missing):
        report(number, plan.steps[-1])
    stop = threading.Event()
    ready: Harvests = queue.Queue(maxsize=2 * plan.workers)
    with _threads_kept(), ThreadPoolExecutor(plan.workers) as pool:
        futures = [pool.submit(_train, plan, number, scratch, ready, stop, report) for number in missing]
        try:
            for harvest in _coming(ready, futures):
                take(harvest)
        finally:
            stop.set()
            with contextlib.suppress(queue.Empty):
                while True:
                    ready.get_nowait()
            pool.shutdown(wait=False, cancel_futures=True)


def _train(
    plan: Plan,
    number: int,
    scratch: Scratch,
    ready: Harvests,
    stop: threading.Event,
    report: Callable[[int, int], None],
) -> None:
    """One chunk, in a thread of its own."""

    def told(step: int) -> None:
        if stop.is_set():
            raise _Stopped
        report(number, step)

    for harvest in harvests(
        plan.make_chunk(number),
        start=scratch.checkpoint(number),
        save=lambda state: scratch.save(number, state),
        report=told,
    ):
        scratch.store(harvest)  # before the checkpoint that says it is done
        _put(ready, harvest, stop)


def _put(ready: Harvests, harvest: Harvest, stop: threading.Event) -> None:
    while True:
        if stop.is_set():
            raise _Stopped
        with contextlib.suppress(queue.Full):
            ready.put(harvest, timeout=_PATIENCE)
            return


def _coming(ready: Harvests, futures: list[Future[None]]) -> Iterator[Harvest]:
    """Harvests as they come, until all workers are done; what went wrong in one of them is raised here."""
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
