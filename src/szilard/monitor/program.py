"""How the program that trains came to its end: well, by an error, by an exit code, or in a way that is not known.

The interpreter reports errors that nobody caught in its main thread; threads report theirs to ``threading.excepthook``.
``SystemExit`` is reported to nobody, so the code is noted where ``sys.exit`` is called, and whether the program ended
by it is read off the frame in which its main module ran: there either stands at its return or where it was left.
"""

from __future__ import annotations

import dis
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Final, final

UNKNOWN: Final = "unknown"
"""The program ended by something that is not known."""


def failure(error: BaseException) -> str | None:
    """What an error that nobody caught is called; None of an exit that reports success."""
    if not isinstance(error, SystemExit):
        return type(error).__name__
    return None if error.code in (None, 0) else f"SystemExit({error.code!r})"


@final
class Program:
    """Listens for the end of the program while a run is under way."""

    def __init__(self) -> None:
        self._main: FrameType | None = None
        self._exit: SystemExit | None = None
        self._of_threads: dict[threading.Thread, str] = {}
        self._take_away: Callable[[], None] | None = None

    def listen(self) -> None:
        """From now on; once is enough."""
        if self._take_away is not None:
            return
        self._main = _stack()[-1] if _stack() else None
        exits, reports = sys.exit, threading.excepthook

        def leave(status: Any = None, /) -> None:
            if threading.current_thread() is threading.main_thread():
                self._exit = SystemExit(status)
            exits(status)

        def report(args: Any, /) -> None:
            error = args.exc_value if args.exc_value is not None else args.exc_type()
            if args.thread is not None and (name := failure(error)) is not None:
                self._of_threads[args.thread] = name
            reports(args)

        def take_away() -> None:
            if sys.exit is leave:
                sys.exit = exits
            if threading.excepthook is report:
                threading.excepthook = reports

        sys.exit, threading.excepthook = leave, report  # type: ignore[assignment]
        self._take_away = take_away

    def forget(self) -> None:
        """No run is under way: what was put in place is taken away, unless others were put over it."""
        if self._take_away is not None:
            self._take_away()
        self._take_away = self._exit = None
        self._of_threads.clear()

    def failure(self, thread: threading.Thread | None = None) -> str | None:
        """By what the program ended, or this thread of it; None if it goes on or ended well, else a name or UNKNOWN."""
        if thread in self._of_threads:
            return self._of_threads[thread]
        if (error := sys.exc_info()[1]) is not None and _ends_a_process():
            return failure(error)
        main = self._main
        if main is None or hasattr(sys, "ps1") or main in _stack():
            return None
        if main.f_lasti < 0 or dis.opname[main.f_code.co_code[main.f_lasti]].startswith("RETURN"):
            return None
        return UNKNOWN if self._exit is None else failure(self._exit)


PROGRAM: Final = Program()


def _stack() -> list[FrameType]:
    """The frames of the main thread, the outermost last."""
    frame, frames = sys._current_frames().get(threading.main_thread().ident or 0), []
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    return frames


def _ends_a_process() -> bool:
    """Whether a process that multiprocessing began is at its end, where its error is still under way."""
    processes = sys.modules.get("multiprocessing.util")
    exits = getattr(getattr(processes, "_exit_function", None), "__code__", None)
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame.f_code is not exits:
        frame = frame.f_back
    return frame is not None
