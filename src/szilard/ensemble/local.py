"""Carries chunks out in this process: a thread for each core, each with a chunk whose weights stay in its cache.

Nothing within an operation waits for another core then, and memory stays that of the chunks that are under way.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol, TypeVar

import torch

from szilard.ensemble.chunk import State
from szilard.ensemble.scratch import Kept, Scratch

_PATIENCE = 0.2
"""Seconds between looks at whether a worker has failed."""

Report = Callable[[int, int], None]


Yield = TypeVar("Yield", bound=Kept)
Yields = TypeVar("Yields", bound=Kept, covariant=True)


class Work(Protocol[Yields]):
    """What is cut into chunks: :class:`szilard.ensemble.plan.Plan`, for instance."""

    @property
    def chunks(self) -> int:
        """How many."""

    @property
    def workers(self) -> int:
        """How many are carried out at the same time."""

    @property
    def steps(self) -> tuple[int, ...]:
        """At which training steps there are records."""

    def harvests(
        self, number: int, start: State | None, save: Callable[[State], None], report: Callable[[int], None]
    ) -> Iterator[Yields]:
        """Carries one chunk out; see :func:`szilard.ensemble.chunk.harvests`."""


class _Stopped(Exception):
    """Ends a worker whose run was interrupted."""


def carry_out(plan: Work[Yield], scratch: Scratch, take: Callable[[Yield], None], report: Report) -> None:
    """Trains every chunk from its last checkpoint to its end.

    Args:
        plan: what there is to do.
        scratch: where checkpoints are kept.
        take: is given each harvest, in this thread.
        report: is told a chunk's number and how many steps it has done.
    """
    missing = [number for number in range(plan.chunks) if not scratch.finished(number, len(plan.steps))]
    for number in set(range(plan.chunks)) - set(missing):
        report(number, plan.steps[-1])
    stop = threading.Event()
    ready: queue.Queue[Yield] = queue.Queue(maxsize=2 * plan.workers)
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
    plan: Work[Yield],
    number: int,
    scratch: Scratch,
    ready: queue.Queue[Yield],
    stop: threading.Event,
    report: Callable[[int, int], None],
) -> None:
    """One chunk, in a thread of its own."""

    def told(step: int) -> None:
        if stop.is_set():
            raise _Stopped
        report(number, step)

    for harvest in plan.harvests(
        number, scratch.checkpoint(number), save=lambda state: scratch.save(number, state), report=told
    ):
        scratch.store(harvest)  # before the checkpoint that says it is done
        _put(ready, harvest, stop)


def _put(ready: queue.Queue[Yield], harvest: Yield, stop: threading.Event) -> None:
    while True:
        if stop.is_set():
            raise _Stopped
        with contextlib.suppress(queue.Full):
            ready.put(harvest, timeout=_PATIENCE)
            return


def _coming(ready: queue.Queue[Yield], futures: list[Future[None]]) -> Iterator[Yield]:
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
