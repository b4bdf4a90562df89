"""Which jumps end at which record: the same path measured at several intervals, which may double on the way."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from szilard.monitor.doubling import DENSE_RECORDS
from szilard.monitor.measure import Occasion
from szilard.monitor.rows import Value


@final
@dataclass(frozen=True, slots=True)
class JumpPlan:
    """One finished jump of one measuring interval.

    Attributes:
        interval: which interval, as an index.
        record: at which record of the batch it ends.
        start: where it started: a row of the pool (earlier models first, then the batch).
        steps: training steps it covers.
    """

    interval: int
    record: int
    start: int
    steps: int


@final
class IntervalClock:
    """Says which intervals finish a jump at which record; all count from the same step.

    ``start[j]`` is the pool row at which the j-th tracked interval's present jump began; after a batch the pool is laid
    anew and row j is that of interval j.

    While the measuring interval may still double, the doubles of every multiple are tracked as well: what is 2 of the
    present interval is 1 of the next one, so that W(k) at the last interval covers the run from its first step on.

    Args:
        multiples: the intervals, as multiples of the measuring interval.
    """

    def __init__(self, multiples: tuple[int, ...]) -> None:
        self.multiples = self.tracked = multiples
        self.start = list(range(len(multiples)))
        self._steps = [0] * len(multiples)
        self._jumps = [0] * len(multiples)
        self._pending = [0] * len(multiples)
        self.every = 1
        """The measuring interval, training steps."""
        self._opened: int | None = None

    @property
    def shown(self) -> list[int]:
        """Where the multiples stand among the intervals that are tracked."""
        return [self.tracked.index(multiple) for multiple in self.multiples]

    @property
    def steps(self) -> list[int]:
        """Training steps covered so far at each of the multiples."""
        return [self._steps[at] for at in self.shown]

    @property
    def jumps(self) -> list[int]:
        """Jumps made so far at each of the multiples."""
        return [self._jumps[at] for at in self.shown]

    def twin(self) -> IntervalClock:
        """A copy that goes on by itself."""
        twin = copy.copy(self)
        twin.start, twin._steps, twin._jumps, twin._pending = (
            list(each) for each in (self.start, self._steps, self._jumps, self._pending)
        )
        return twin

    def rebase(self) -> None:
        """The pool has been laid anew: interval j's start is its row j."""
        self.start = list(range(len(self.tracked)))

    def follow(self, occasion: Occasion) -> list[int | None] | None:
        """Turns to the measuring interval of the coming record, and to tracking the doubles or no longer.

        Returns:
            where each interval that is tracked from here on stood before; None for one that was not tracked, because no
            jump of it can have ended: it began at the first model. None for all where nothing changes.
        """
        opened = self._opened is not None and not occasion.opens_intervals
        factor = occasion.every // self.every if opened else 1
        tracked = _with_doubles(self.multiples) if occasion.doubling else self.multiples
        if factor == 1 and tracked == self.tracked:
            return None
        before = [self.tracked.index(each * factor) if each * factor in self.tracked else None for each in tracked]
        since = self._steps[0] + self._pending[0]  # training steps since counting began
        self._steps = [0 if at is None else self._steps[at] for at in before]
        self._jumps = [0 if at is None else self._jumps[at] for at in before]
        self._pending = [since if at is None else self._pending[at] for at in before]
        self.every *= factor
        self.tracked = tracked
        self.rebase()
        return before

    def advance(self, occasion: Occasion, record: int, row: int) -> list[JumpPlan]:
        """One record further: the ``record``-th of the batch, at ``row`` of the pool."""
        finished: list[JumpPlan] = []
        if self._opened is not None and not occasion.ragged:
            since = occasion.step - self._opened
            for j, multiple in enumerate(self.tracked):
                self._pending[j] += occasion.interval
                if since % (multiple * self.every) == 0:
                    finished.append(JumpPlan(j, record, self.start[j], self._pending[j]))
                    self.start[j] = row
                    self._steps[j] += self._pending[j]
                    self._jumps[j] += 1
                    self._pending[j] = 0
        if occasion.opens_intervals:
            self._opened, self.every = occasion.step, occasion.every
            self.start = [row] * len(self.tracked)
        return finished


def _with_doubles(multiples: tuple[int, ...]) -> tuple[int, ...]:
    """The multiples, and their doubles as far as a jump can end before the interval doubles."""
    found = set(multiples)
    for multiple in multiples:
        while 2 * multiple <= DENSE_RECORDS:
            multiple *= 2
            found.add(multiple)
    return tuple(sorted(found))


@final
@dataclass(frozen=True, slots=True)
class BatchPlan:
    """The jumps of a batch, as rows of the pool.

    The pool's rows are: the models at which each interval's present jump began, the first model, the previous record,
    and then the batch.

    Attributes:
        steps: training step of each record.
        before, after: rows at which the finished jumps of the coarser intervals start and end.
        plans, jumps: every finished jump of a measuring interval, and which it is among all jumps: first those from
            record to record, then the above.
        host: columns known without the device, for each record.
    """

    steps: list[int]
    before: list[int]
    after: list[int]
    plans: list[JumpPlan]
    jumps: list[int]
    host: list[Mapping[str, Value]]

    @classmethod
    def of(cls, occasions: Sequence[Occasion], clock: IntervalClock) -> BatchPlan:
        """Plans a batch, and moves the clock to its end."""
        base, count = len(clock.tracked) + 2, len(occasions)
        before: list[int] = []
        after: list[int] = []
        plans: list[JumpPlan] = []
        jumps: list[int] = []
        host: list[Mapping[str, Value]] = []
        for record, occasion in enumerate(occasions):
            for plan in clock.advance(occasion, record, base + record):
                # at the finest interval the jump is the step itself
                jumps.append(record if plan.interval == 0 else count + len(before))
                if plan.interval != 0:
                    before.append(plan.start)
                    after.append(base + record)
                plans.append(plan)
            host.append(
                {
                    "interval": occasion.interval,
                    "measuring_interval": occasion.every,
                    "steps_by_interval": clock.steps,
                    "jumps_by_interval": clock.jumps,
                }
            )
        return cls([occasion.step for occasion in occasions], before, after, plans, jumps, host)
