"""Which models a batch of records compares with which: planned before anything is summed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from szilard.monitor.intervals import IntervalClock, JumpPlan
from szilard.monitor.measure import Occasion
from szilard.monitor.rows import Value


@final
@dataclass(frozen=True, slots=True)
class Agenda:
    """The jumps of a batch, as rows of the pool.

    The pool's rows are: the models at which each interval's present jump began, the previous record, the first
    model, and then the batch.

    Attributes:
        steps: training step of each record.
        before, after: rows at which every jump starts and ends: first the jumps from record to record, then those from
            the first model to each record, then the finished jumps of the coarser intervals.
        plans, jumps: every finished jump of a measuring interval, and which of the above it is.
        host: columns known without the device, for each record.
    """

    steps: list[int]
    before: list[int]
    after: list[int]
    plans: list[JumpPlan]
    jumps: list[int]
    host: list[Mapping[str, Value]]

    @classmethod
    def of(cls, occasions: Sequence[Occasion], clock: IntervalClock) -> Agenda:
        """Plans a batch, and moves the clock to its end."""
        previous = len(clock.multiples)
        first, base, count = previous + 1, previous + 2, len(occasions)
        before = [previous, *range(base, base + count - 1)] + [first] * count
        after = [*range(base, base + count)] * 2
        plans: list[JumpPlan] = []
        jumps: list[int] = []
        host: list[Mapping[str, Value]] = []
        for record, occasion in enumerate(occasions):
            for plan in clock.advance(occasion, record, base + record):
                # at the finest interval the jump is the step itself
                jumps.append(record if plan.interval == 0 else len(before))
                if plan.interval != 0:
                    before.append(plan.start)
                    after.append(base + record)
                plans.append(plan)
            host.append(
                {
                    "interval": occasion.interval,
                    "steps_by_interval": list(clock.steps),
                    "jumps_by_interval": list(clock.jumps),
                }
            )
        return cls([occasion.step for occasion in occasions], before, after, plans, jumps, host)
