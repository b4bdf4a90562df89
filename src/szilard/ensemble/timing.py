"""How far the chunks are, and what has been spent on them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Protocol, final


class Display(Protocol):
    """What shows the progress."""

    def update(self, done: int, note: str = "") -> None:
        """So much is done."""


@final
class Advance:
    """Adds up what the chunks have done.

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
        """A chunk has done so many steps."""
        self._done[chunk] = step
        done = sum(weight * steps for weight, steps in zip(self._weights, self._done, strict=True))
        self._display.update(done, self._unit)


@final
class Spent:
    """Seconds, added up over interruptions."""

    def __init__(self, before: Mapping[str, float]) -> None:
        self._seconds = {"measuring": 0.0, "all": 0.0, **before}

    def on(self, what: str) -> Timer:
        """A context whose time counts for ``what``."""
        return Timer(self._seconds, what)

    def seconds(self) -> dict[str, float]:
        """By what they were spent on."""
        return {name: round(value, 3) for name, value in self._seconds.items()}


@final
class Timer:
    """Adds the time within it to one of the seconds of :class:`Spent`."""

    def __init__(self, seconds: dict[str, float], what: str) -> None:
        self._seconds, self._what = seconds, what

    def __enter__(self) -> None:
        self._begin = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._seconds[self._what] += time.perf_counter() - self._begin
