"""Work beside the training loop: one daemon thread that does jobs in the order they were given.

A file system that is slow or hangs then holds up this thread and not the loop, which waits for a job as long as it
likes. The thread is begun when there is something to do. It ends before a fork, which no thread survives, and begins
again after it; where none can be begun, as when the interpreter shuts down, the caller does the work.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import weakref
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import final

HANGING = 10.0
"""After so many seconds without an answer a file system is said to hang."""
_UNNOTICED = 0.01
"""Seconds of waiting that count for nothing: a line of the journal takes a fraction of a millisecond."""
_LONGEST = 0.5
"""Seconds that are waited at one time."""
_GRACE = 2.0
"""Seconds that may be waited in all, …"""
_SHARE = 0.02
"""… and the share of the time since the beginning that may be waited beside them."""
_FORK_PATIENCE = 1.0
"""Seconds that a fork waits for the thread to end; one that hangs is left, and waited for again once it answers."""


@final
class Job:
    """Something to do; ``quick`` where it may be done in the midst of another that is not."""

    __slots__ = ("_do", "_undone", "quick")

    def __init__(self, do: Callable[[], object], quick: bool) -> None:
        self._do: Callable[[], object] | None = do
        self._undone = threading.Lock()
        self._undone.acquire()
        self.quick = quick

    def carry_out(self) -> None:
        """Does it; it sees to its own errors."""
        do, self._do = self._do, None
        try:
            if do is not None:
                do()
        finally:
            self._undone.release()

    def wait(self, seconds: float) -> bool:
        """Waits until it is done, this long at most; whether it is."""
        if self._undone.acquire(timeout=seconds):
            self._undone.release()
            return True
        return False

    @property
    def done(self) -> bool:
        """Whether it is done."""
        return not self._undone.locked()


@final
class _Line:
    """The jobs that wait, and whether a thread does them; knows nothing of who gave them, which may be gone."""

    def __init__(self) -> None:
        self.jobs: SimpleQueue[Job | None] = SimpleQueue()
        self.later: list[Job] = []
        self.gate = threading.Lock()
        self.attended = False

    def work(self) -> None:
        """Does jobs until the end is asked for and there is none left."""
        while True:
            job = self.later.pop(0) if self.later else self.jobs.get()
            if job is not None:
                job.carry_out()
                del job
                continue
            with self.gate:
                if self.jobs.empty() and not self.later:
                    self.attended = False
                    return

    def next(self) -> Job | None:
        """The next job, without waiting for one."""
        while self.later or not self.jobs.empty():
            try:
                job = self.later.pop(0) if self.later else self.jobs.get_nowait()
            except Empty:
                return None
            if job is not None:
                return job
        return None


@final
class Beside:
    """The thread of one record."""

    def __init__(self) -> None:
        self._line = _Line()
        self._thread: threading.Thread | None = None
        self._awaited: Job | None = None
        _ALL.add(self)

    def do(self, job: Callable[[], object], quick: bool = False) -> Job:
        """Has something done, after everything that was given before it."""
        wanted, line = Job(job, quick), self._line
        if self._thread is threading.current_thread():
            wanted.carry_out()
            return wanted
        with line.gate:
            line.jobs.put(wanted)
            attended = not sys.is_finalizing() and (line.attended or self._begin())
        while not attended and not wanted.done and (found := line.next()) is not None:
            found.carry_out()
        return wanted

    def serve(self) -> None:
        """Called from within a long job, in its thread: does what is quick and waits."""
        line = self._line
        while not line.jobs.empty():
            try:
                job = line.jobs.get_nowait()
            except Empty:
                return
            if job is None:
                line.jobs.put(None)  # the end waits for the long job
                return
            if job.quick:
                job.carry_out()
            else:
                line.later.append(job)

    def end(self, seconds: float = 0.0) -> None:
        """Lets the thread end when there is nothing left to do, and waits so long for it."""
        thread = self._thread
        if not self._line.attended or thread is None or sys.is_finalizing():
            return
        if seconds and self._awaited is not None and not self._awaited.done:
            seconds = 0.0  # it has hung since it was last waited for
        elif seconds:
            self._awaited = Job(lambda: None, quick=False)
            self._line.jobs.put(self._awaited)
        self._line.jobs.put(None)
        if thread is not threading.current_thread():
            thread.join(seconds)

    def _begin(self) -> bool:
        """Begins the thread, unless the interpreter begins no more."""
        if sys.is_finalizing():
            return False
        thread = threading.Thread(target=self._line.work, name="szilard-record", daemon=True)
        self._line.attended = True
        try:
            thread.start()
        except RuntimeError:
            self._line.attended = False
            return False
        self._thread = thread
        return True


@final
class Patience:
    """How long a loop waits for the thread beside it: in all a small share of its time, so that it is never held up."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._waited = 0.0
        self._failing: float | None = None

    def wait(self, job: Job) -> bool:
        """Waits for a job while patience lasts; False if the thread has not answered for :data:`HANGING` seconds."""
        if job.wait(_UNNOTICED):
            self._failing = None
            return True
        begin = time.monotonic()
        left = _GRACE + _SHARE * (begin - self._begun) - self._waited
        done = job.wait(min(_LONGEST, left)) if left > 0 else job.done
        end = time.monotonic()
        self._waited += end - begin
        if done:
            self._failing = None
            return True
        self._failing = begin if self._failing is None else self._failing
        return end - self._failing < HANGING


_ALL: weakref.WeakSet[Beside] = weakref.WeakSet()


def _end_all() -> None:
    """Before a fork. Whatever is wanted afterwards begins a thread again, in whichever process wants it."""
    for beside in list(_ALL):
        beside.end(_FORK_PATIENCE)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_end_all)
