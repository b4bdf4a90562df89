"""The clock of an ensemble: slices of training, checkpoints, progress, and what time has been spent on."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Protocol, final


class Display(Protocol):
    """What shows the progress of an ensemble, such as a bar on the terminal."""

    def update(self, done: int, note: str = "") -> None:
        """Shows that so much of the whole is done, with a note beside it."""


@final
class ProgressTotal:
    """Adds up the steps that the chunks have done, and shows the sum.

    Args:
        weights: what a step of each chunk counts for: its members, for instance.
        display: shows the sum.
        unit: of the sum, in words.
    """

    def __init__(self, weights: Sequence[int], display: Display, unit: str = "member-steps") -> None:
        self._weights = weights
        self._done = [0] * len(weights)
        self._display = display
        self._unit = unit

    def report(self, chunk: int, step: int) -> None:
        """Takes in that a chunk has done so many steps since its start."""
        self._done[chunk] = step
        done = sum(weight * steps for weight, steps in zip(self._weights, self._done, strict=True))
        self._display.update(done, self._unit)


@final
class TimeSpent:
    """Seconds that a run has taken, by what they were spent on; added up over interruptions."""

    def __init__(self, before: Mapping[str, float]) -> None:
        self._seconds = {"measuring": 0.0, "all": 0.0, **before}

    def on(self, what: str) -> Timer:
        """A context whose seconds are added to those spent on ``what``."""
        return Timer(self._seconds, what)

    def seconds(self) -> dict[str, float]:
        """Seconds by what they were spent on, rounded to milliseconds."""
        return {name: round(value, 3) for name, value in self._seconds.items()}


@final
class Timer:
    """Adds the time within it to one of the seconds of :class:`TimeSpent`."""

    def __init__(self, seconds: dict[str, float], what: str) -> None:
        self._seconds, self._what = seconds, what

    def __enter__(self) -> None:
        self._begin = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._seconds[self._what] += time.perf_counter() - self._begin


CHECKPOINT_SECONDS = 10.0
"""The least time between checkpoints: what a kill can cost of a chunk's training."""
_SLICE_SECONDS = 0.5
"""About how long a slice of training takes, after which the clock is looked at."""


@final
class SliceClock:
    """How many steps make a slice, by how long the last ones took."""

    def __init__(self) -> None:
        self._slice = 1
        self._begin: float | None = None
        self._saved = time.monotonic()

    def steps(self, left: int) -> int:
        """Number of steps in the next slice, from 1 to ``left``: about half a second of them."""
        now = time.monotonic()
        if self._begin is not None:
            faster = _SLICE_SECONDS / max(now - self._begin, 1e-6)
            self._slice = max(1, int(self._slice * min(faster, 4.0)))
        self._begin = now
        self._slice = min(self._slice, left)
        return self._slice

    def due(self) -> bool:
        """Whether a checkpoint is; asking counts as making it."""
        if time.monotonic() - self._saved < CHECKPOINT_SECONDS:
            return False
        self._saved = time.monotonic()
        return True

    def rest(self) -> None:
        """Leaves out the time since the last slice, which went to something else than training."""
        self._begin = None
