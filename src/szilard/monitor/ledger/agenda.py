"""Which models a batch of records compares with which: planned before anything is summed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from szilard.monitor.ledger.intervals import IntervalClock, JumpPlan
from szilard.monitor.measure import Occasion
from szilard.monitor.rows import Value


@final
@dataclass(frozen=True, slots=True)
class Agenda:
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
    def of(cls, occasions: Sequence[Occasion], clock: IntervalClock) -> Agenda:
        """Plans a batch, and moves the clock to its end."""
        base, count = len(clock.multiples) + 2, len(occasions)
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
                    "steps_by_interval": list(clock.steps),
                    "jumps_by_interval": list(clock.jumps),
                }
            )
        return cls([occasion.step for occasion in occasions], before, after, plans, jumps, host)
