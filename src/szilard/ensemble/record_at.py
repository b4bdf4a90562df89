"""At which training steps an ensemble is recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from szilard.errors import SpecError
from szilard.settings import Settings


@dataclass(frozen=True)
class Geometric(Settings):
    """Steps in a geometric row, the first and the last step included: the early training changes fastest.

    Attributes:
        points: how many records, at least 2.
        first: the second record; None takes a thousandth of the training, or step 1.

    Example:
        >>> Geometric(5).steps(1000)
        (0, 1, 10, 100, 1000)
    """

    kind: ClassVar[str] = "geometric"
    points: int = 20
    first: int | None = None

    def check(self) -> None:
        self.require("points", self.points >= 2, "at least 2")
        self.require("first", self.first is None or self.first >= 1, "at least 1")

    def steps(self, last: int) -> tuple[int, ...]:
        """The steps of a training of ``last`` steps; fewer than ``points`` where whole numbers are too few."""
        first = min(self.first or max(1, last // 1000), last)
        row = np.geomspace(first, last, self.points - 1).round().astype(int)[:-1]
        return (0, *(int(step) for step in np.unique(row) if step < last), last)


@dataclass(frozen=True)
class Evenly(Settings):
    """Every so many steps, from step 0 on; the last step is always among them.

    Attributes:
        every: training steps between records.

    Example:
        >>> Evenly(400).steps(1000)
        (0, 400, 800, 1000)
    """

    kind: ClassVar[str] = "evenly"
    every: int

    def check(self) -> None:
        self.require("every", self.every >= 1, "at least 1")

    def steps(self, last: int) -> tuple[int, ...]:
        """The steps at which a training of ``last`` steps is recorded, rising from 0 to ``last``."""
        return (*range(0, last, self.every), last)


def steps_of(record_at: Geometric | Evenly | tuple[int, ...], last: int) -> tuple[int, ...]:
    """Rising steps from 0 to ``last``, both of which are always recorded.

    Raises:
        SpecError: if steps given one by one do not rise, or lie beyond the training.
    """
    if isinstance(record_at, Geometric | Evenly):
        return record_at.steps(last)
    steps = tuple(record_at)
    if list(steps) != sorted(set(steps)) or not steps or steps[0] < 0 or steps[-1] > last:
        raise SpecError(f"record_at must be rising steps from 0 to at most {last}, not {list(steps)}: change it.")
    return tuple(sorted({0, *steps, last}))


def geometric(points: int = 20, first: int | None = None) -> Geometric:
    """Records at steps in a geometric row; see :class:`Geometric`."""
    return Geometric(points, first)


def evenly(every: int) -> Evenly:
    """Records every so many steps; see :class:`Evenly`."""
    return Evenly(every)
