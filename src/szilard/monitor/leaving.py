"""How a run ends that nobody closed: what it had observed is written when its monitor goes out of scope, when the
interpreter ends, and when the process is told to end (SIGTERM, SIGHUP).

A handler that was there before is called afterwards, and one that is set later is left in its place; where there is
none, the process ends by the signal, as ever. Handlers are put back with the last run that is closed, if that happens
in the main thread; until then they do nothing but call what was there before. In a forked child nothing of it holds:
the run is the parent's.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
import threading
import time
import warnings
import weakref
from types import FrameType
from typing import TYPE_CHECKING, Any, final

from szilard.errors import RecordError, SzilardWarning
from szilard.models.state.interrupts import holding, uninterrupted
from szilard.monitor.program import PROGRAM, UNKNOWN

if TYPE_CHECKING:
    from szilard.monitor.session import RecordingSession

_SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
_PATIENCE = 2.0
"""Seconds for which a signal waits for the next step of a training in another thread."""
_SESSIONS: weakref.WeakKeyDictionary[RecordingSession, int] = weakref.WeakKeyDictionary()
"""The runs under way, with what was the last uncaught error when each began."""


def look_after(session: RecordingSession) -> None:
    """From now on what this run has observed is written however it ends; :func:`let_go` when it is closed."""
    processes = sys.modules.get("multiprocessing")
    if not _SESSIONS and processes is not None and processes.parent_process() is not None:
        processes.util.Finalize(None, _leave_all, exitpriority=10)  # what multiprocessing began has no other end
    _SESSIONS[session] = id(_uncaught())
    PROGRAM.listen()
    if session.writer.loggers:  # whatever ends them was registered before, and comes after
        atexit.unregister(_leave_all)
        atexit.register(_leave_all)
    if threading.current_thread() is not threading.main_thread():
        return  # only there may handlers be set
    for number in _SIGNALS:
        with contextlib.suppress(ValueError, OSError):
            before = signal.getsignal(number)
            if _ours(before) is None and (before is signal.SIG_DFL or callable(before)):
                signal.signal(number, _OnSignal(before))


def let_go(session: RecordingSession) -> None:
    """This run is closed, and nothing of it stays on the loop.

    With the last one handlers are as they were before, unless others were set meanwhile.
    """
    session.closed = True
    session.counting.end()
    session.ranks.part()
    _SESSIONS.pop(session, None)
    if not _SESSIONS:
        PROGRAM.forget()
        if threading.current_thread() is threading.main_thread():
            _put_back()


def leave(
    session: RecordingSession, error: BaseException | None = None, *, killed: bool = False, gone: bool = False
) -> None:
    """The run ends, by this error or well, is killed, or ``gone`` from memory: what it had observed is written.

    A record that counts by itself, and so need not be closed, is closed unless it is killed, or ends by something that
    is not known. Another stays incomplete. Killed or gone it may be anywhere, inside a logger's own lock too, so that
    no logger is called.
    """
    writer = getattr(session, "writer", None)
    if writer is None or session.closed or sys.is_finalizing() or not writer.record.own:
        return
    with uninterrupted(), writer.loggers.withheld() if killed or gone else contextlib.nullcontext():
        _leave(session, error, killed)  # uninterrupted, since a signal would leave it once more


def _leave(session: RecordingSession, error: BaseException | None, killed: bool) -> None:
    writer = session.writer
    session.leaving = writer.record.ending = True
    failure = PROGRAM.failure(session.thread.itself) if error is None else type(error).__name__
    try:
        if session.counting.automatic and not killed and failure != UNKNOWN:
            _close(session, failure)
        else:
            session.flush()
            session.owed()
            session.writer.loggers.finish()
    except RecordError as problem:
        warnings.warn(str(problem), SzilardWarning, stacklevel=3)
    except Exception as problem:
        said = f"the last rows of {writer.record.path} are lost ({type(problem).__name__}: {problem})."
        warnings.warn(said, SzilardWarning, stacklevel=3)
    writer.record.leave()
    let_go(session)


def _close(session: RecordingSession, failure: str | None) -> None:
    if failure is not None:
        session.finish("broken", f"the program ended with {failure}")
    elif session.counting.made == 0:
        silence = session.counting.silence()
        session.finish("broken", silence)
        session.voice.say(f"{session.writer.record.path} holds the first model only, because {silence}.")
    else:
        session.finish("complete", asked=False)


@atexit.register
def _leave_all() -> None:
    """The interpreter ends."""
    last = _uncaught()
    for session, earlier in list(_SESSIONS.items()):
        leave(session, None if id(last) == earlier or hasattr(sys, "ps1") else last)


def _uncaught() -> BaseException | None:
    """What the interpreter last reported as uncaught: by it a program that ends well is told from one that does not."""
    return getattr(sys, "last_value", None)


@final
class _OnSignal:
    """Stands before a handler: writes what there is, and does what would have been done without."""

    def __init__(self, before: Any) -> None:
        self.before = before

    def __call__(self, number: int, frame: FrameType | None) -> None:
        fatal = not callable(self.before)
        if not holding():  # a second signal, in the midst of a record: that must not be waited for
            for session in list(_SESSIONS):
                _flush(session, fatal)
        if fatal:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        else:
            self.before(number, frame)


def _flush(session: RecordingSession, fatal: bool) -> None:
    with contextlib.suppress(Exception):
        if session.thread.here:
            with uninterrupted(), session.writer.loggers.withheld():
                leave(session, killed=True) if fatal else session.flush()
            return
        session.make_late()  # its own thread writes, at its next step
        until = time.monotonic() + _PATIENCE
        while session.late and time.monotonic() < until:
            time.sleep(0.01)


def _put_back() -> None:
    for number in _SIGNALS:
        if (ours := _ours(signal.getsignal(number))) is not None:
            signal.signal(number, ours.before)


def _ours(handler: Any) -> _OnSignal | None:
    """The handler if it is one of ours, which may stand behind one that waits for a record's end."""
    found = getattr(handler, "handler", handler)
    return found if isinstance(found, _OnSignal) else None


def _in_a_fork() -> None:
    _SESSIONS.clear()
    with contextlib.suppress(ValueError, OSError):
        _put_back()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_a_fork)
