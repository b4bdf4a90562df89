"""Ctrl-C and other signals that wait while something must not be left half done."""

from __future__ import annotations

import signal
import sys
import threading
from _signal import getsignal  # type: ignore[import-not-found]  # those of signal make enums, 20 times as slow
from _signal import signal as set_signal
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType, TracebackType
from typing import Any, final

_Handler = Callable[[int, FrameType | None], Any]
_SIGNALS = sorted(signal.valid_signals() - {getattr(signal, name, None) for name in ("SIGKILL", "SIGSTOP")})


@final
class _Waiting:
    """The signals that wait, of the one thread in which Python runs handlers."""

    def __init__(self) -> None:
        self.held = False
        self.signals: dict[int, _Handler] = {}


_NOW = _Waiting()


def holding() -> bool:
    """Whether signals wait."""
    return _NOW.held


def interrupted() -> bool:
    """Whether a signal waits for a block to end."""
    return bool(_NOW.signals)


@final
class _Later:
    """Stands in the place of a handler. While signals are held the first one waits; the next passes: a second Ctrl-C
    ends what hangs. Left behind by an interrupt of its own removal, it passes everything on."""

    def __init__(self, handler: _Handler) -> None:
        self.handler = handler

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if _NOW.held and number not in _NOW.signals:
            _NOW.signals[number] = self.handler
        else:
            self.handler(number, frame)


@final
class uninterrupted:  # noqa: N801 - a context manager, called as a function is
    """For the time of a block Python's signal handlers wait, and are called right after it; within another it is none.

    What they raise (``KeyboardInterrupt``) is raised where the block ends, with everything in order. Handlers set by
    others are found in place and chained; signals without one (the default, which ends the process) act as ever.
    Outside of the main thread, where Python runs no handlers, this does nothing. It takes some five microseconds.

    Example:
        >>> import signal
        >>> done = []
        >>> try:
        ...     with uninterrupted():
        ...         signal.raise_signal(signal.SIGINT)
        ...         done.append("all of it")
        ... except KeyboardInterrupt:
        ...     done.append("then the interrupt")
        >>> done
        ['all of it', 'then the interrupt']
    """

    def __init__(self) -> None:
        self._holds = False
        self._installed: list[int] = []

    def __enter__(self) -> None:
        if _NOW.held or threading.get_ident() != threading.main_thread().ident:
            return
        self._holds = True
        try:
            for number in _SIGNALS:
                handler = getsignal(number)
                if callable(handler):
                    self._installed.append(number)
                    if not isinstance(handler, _Later):
                        set_signal(number, _Later(handler))
            _NOW.held = True  # last: a signal that comes before this interrupts what has not begun
        except BaseException:
            self._end()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._holds:
            self._end()

    def _end(self) -> None:
        waiting, _NOW.signals = _NOW.signals, {}
        _NOW.held = False  # first: a signal that comes after this is not lost
        with ExitStack() as after:  # all of it is done, whatever a handler raises
            for number, handler in reversed(waiting.items()):
                after.callback(handler, number, sys._getframe())
            for number in self._installed:
                after.callback(_put_back, number)


def _put_back(number: int) -> None:
    if isinstance(later := getsignal(number), _Later):
        set_signal(number, later.handler)
