"""How often to record on a time budget: a few steps and rehearsed records are timed, then it is fixed for good."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import final

_WARM_UP = 3
_STEPS = 24
_REHEARSE_AT = (6, 12, 18)
_PATIENCE_SECONDS = 20.0
SHARE_FOR_RECORDS = 0.4
"""The rest is for commits to the store (1 %), for what every step costs, and for the caches that a record empties: in
benchmarks/watching.py a record delays the loop by about twice its own time."""


@final
@dataclass(slots=True)
class RecordingBudget:
    """A share of the loop's time for some records, from which their interval follows.

    Attributes:
        budget: share of the loop's time that it may take, between 0 and 1.
        rehearse: does the work of a record, leaving no trace, and returns the seconds that it takes.
        share: of the budget, what the records themselves may take.
        timed: seconds of each rehearsal.
    """

    budget: float
    rehearse: Callable[[], float]
    share: float = SHARE_FOR_RECORDS
    timed: list[float] = field(default_factory=list)

    @property
    def record_seconds(self) -> float:
        """Median time of a record, in the middle of training, caches cold."""
        return statistics.median(self.timed)

    def every(self, step_seconds: float) -> int:
        """The least interval that keeps records within their share of the budget."""
        return max(1, math.ceil(self.record_seconds / (self.share * self.budget * step_seconds)))


@final
class Calibration:
    """Times the loop's first steps; ends after 24 of them, or after 8 if they are slow.

    Args:
        budgets: on the loop's time.
        clock: the time in seconds, with the device's work finished.
    """

    def __init__(self, budgets: Sequence[RecordingBudget], clock: Callable[[], float]) -> None:
        self.budgets = tuple(budgets)
        self._clock = clock
        self._mark = self._begin = clock()
        self._step_seconds: list[float] = []
        self._rehearsals = 0
        self._steps = 0

    def step(self) -> bool:
        """Called at the end of each training step; True once enough is known."""
        now = self._clock()
        self._steps += 1
        if self._steps > _WARM_UP:
            self._step_seconds.append(now - self._mark)
        if self._steps in _REHEARSE_AT:
            self._rehearsals += 1
            for budget in self.budgets:
                budget.timed.append(budget.rehearse())
            now = self._clock()
        self._mark = now
        slow = now - self._begin > _PATIENCE_SECONDS and self._rehearsals > 0 and self._steps >= 8
        return slow or self._steps >= _STEPS

    def resume(self) -> None:
        """The next step begins now: what happened since the last one ended does not count."""
        self._mark = self._clock()

    @property
    def step_seconds(self) -> float:
        """Time of an unwatched step: the lower quartile, so that a busy moment does not pass for a slow loop."""
        return statistics.quantiles(self._step_seconds, n=4)[0]

    @property
    def steps(self) -> int:
        """Number of steps timed so far, the warm-up included."""
        return self._steps
