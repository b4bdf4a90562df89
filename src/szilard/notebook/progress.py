"""How far something is, in a notebook: one output that is renewed in its place, and that needs no widgets."""

from __future__ import annotations

import sys
import time
from typing import Any, final

from szilard.notebook.html import escape, framed


def in_notebook() -> bool:
    """Whether this is a kernel, whose outputs a notebook shows: IPython at a terminal is none."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


@final
class NotebookBar:
    """A bar.

    Args:
        description: what is under way.
        steps: how many there will be.
    """

    def __init__(self, description: str, steps: int) -> None:
        from IPython.display import display

        self._description, self._steps = description, steps
        self._done, self._begin = 0, time.perf_counter()
        self._handle: Any = display(self._shown(0, "", 0.0), display_id=True)

    def update(self, done: int, note: str, seconds: float) -> None:
        """``done`` steps are finished after so many seconds; ``note`` is shown beside."""
        self._done = done
        self._handle.update(self._shown(done, note, seconds))

    def stop(self, finished: bool) -> None:
        """Nothing more comes."""
        how = "done" if finished else f"ended at {self._done:,} of {self._steps:,}"
        taken = _time(time.perf_counter() - self._begin)
        self._handle.update(_Shown(f"{self._description}: {how}, after {taken}", None))

    def _shown(self, done: int, note: str, seconds: float) -> _Shown:
        left = f", about {_time(seconds / done * (self._steps - done))} left" if done else ""
        beside = f" {note}" if note else ""
        said = f"{self._description}: {done:,} of {self._steps:,}{beside}{left}"
        return _Shown(said, min(1.0, done / max(1, self._steps)))


@final
class _Shown:
    """A line, and a bar of which a share is full; none where that is None."""

    def __init__(self, said: str, share: float | None) -> None:
        self._said, self._share = said, share

    def _repr_html_(self) -> str:
        said = f'<small class="number">{escape(self._said)}</small>'
        if self._share is None:
            return framed(said)
        return framed(f'{said}<div class="bar"><div style="width:{100 * self._share:.1f}%"></div></div>')

    def __repr__(self) -> str:
        return self._said


def _time(seconds: float) -> str:
    """In a unit that suits it.

    Example:
        >>> _time(42), _time(500)
        ('42 s', '8 min')
    """
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
