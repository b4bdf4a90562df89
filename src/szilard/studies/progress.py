"""A bar with the time left on a terminal or in a notebook, once a second has passed; elsewhere a line now and then."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, final

from szilard.notebook.progress import NotebookBar, in_notebook
from szilard.printable import encodable

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

_PATIENCE = 1.0
_REFRESH, _IN_NOTEBOOKS = 0.1, 0.5
_SELDOM = 60.0
"""Seconds between lines where there is no terminal, as in a cluster's log."""


@final
class Progress:
    """Counts steps; a context manager.

    Args:
        description: what is under way.
        steps: how many there will be.
        quiet: show nothing.
    """

    def __init__(self, description: str, steps: int, quiet: bool) -> None:
        self._description = description
        self._steps = steps
        self._quiet = quiet
        self._bar: Bar | NotebookBar | None = None
        self._said = 0.0
        self._begin = self._next = time.perf_counter()

    def __enter__(self) -> Progress:
        self._begin = time.perf_counter()
        self._next = self._begin + _PATIENCE
        return self

    def update(self, done: int, note: str = "") -> None:
        """``done`` steps are finished; ``note`` is shown beside the bar. Cheap enough for every step."""
        now = time.perf_counter()
        if self._quiet or now < self._next:
            return
        self._next = now + _REFRESH
        if self._bar is None:
            bar: Any = NotebookBar if in_notebook() else _bar
            self._bar = bar(self._description, self._steps)
            self._said = self._begin
        if isinstance(self._bar, NotebookBar):
            self._next = now + _IN_NOTEBOOKS
            self._bar.update(done, note, now - self._begin)
        elif self._bar.disable:
            self._say(now, done, note)
        else:
            self._bar.update(self._bar.task_ids[0], completed=done, note=note)

    def _say(self, now: float, done: int, note: str) -> None:
        """How far it is, in a line."""
        if now - self._said < _SELDOM:
            return
        self._said = now
        left = (now - self._begin) / max(done, 1) * (self._steps - done)
        said = f"{self._description}: {done:,} of {self._steps:,}{', ' + note if note else ''}; about {left:.0f} s left"
        print(encodable(said, sys.stderr), file=sys.stderr, flush=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(self._bar, NotebookBar):
            self._bar.stop(kind is None)
        elif self._bar is not None:
            self._bar.stop()


def _bar(description: str, steps: int) -> Bar:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}", markup=False),
        TextColumn("left:"),
        TimeRemainingColumn(),
    )
    bar = Bar(*columns, console=console, transient=True, disable=not console.is_terminal)
    bar.add_task(description, total=steps, note="")
    bar.start()
    return bar
