"""Work at the coarser measuring intervals, each jump on the set of samples that it began on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, final

import torch

from szilard.ledger.slots import SlotSum
from szilard.monitor.ledger.intervals import IntervalClock
from szilard.monitor.measure import Occasion
from szilard.monitor.sampled.sample_set import SampleSet


@final
@dataclass(frozen=True, slots=True)
class _OpenJump:
    """A jump under way: its set of samples, and the bookmark of the model at which it began."""

    sample_set: SampleSet
    mark: Any


@final
class IntervalJumps:
    """The jumps of all measuring intervals, and the work of those that have ended.

    Args:
        intervals: multiples of the measuring interval, the first 1.
        nothing: no work yet, per slot.
    """

    def __init__(self, intervals: tuple[int, ...], nothing: SlotSum) -> None:
        self._clock = IntervalClock(intervals)
        self._work = [nothing] * len(intervals)
        self._open: dict[int, _OpenJump] = {}

    def end(self, occasion: Occasion, current: SampleSet) -> list[int]:
        """Adds up the jumps that end at this record; returns the intervals of which a jump begins anew.

        Args:
            occasion: the record.
            current: the set in use, which has been shown the present model already.
        """
        plans = self._clock.advance(occasion, 0, 0)
        seen = {id(current)}
        for plan in plans:
            jump = self._open[plan.interval]
            if id(jump.sample_set) not in seen:
                jump.sample_set.look()
                seen.add(id(jump.sample_set))
            work = SlotSum.mean(jump.sample_set.since(jump.mark))
            self._work[plan.interval] = self._work[plan.interval] + work
        return list(range(len(self._work))) if occasion.opens_intervals else [plan.interval for plan in plans]

    def begin(self, intervals: Iterable[int], current: SampleSet) -> None:
        """Begins a jump of each of these intervals at the model that ``current`` was last shown."""
        for interval in intervals:
            self._open[interval] = _OpenJump(current, current.mark())

    @property
    def work(self) -> SlotSum:
        """Work so far in nats, one value a measuring interval, with what each slot gives to it."""
        return SlotSum(
            torch.stack([part.value for part in self._work]), torch.stack([part.influence for part in self._work])
        )

    @property
    def host(self) -> dict[str, list[int]]:
        """Columns that are known without the device: training steps covered and jumps made, by interval."""
        return {"steps_by_interval": list(self._clock.steps), "jumps_by_interval": list(self._clock.jumps)}
