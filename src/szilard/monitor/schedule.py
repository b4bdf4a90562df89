"""When each measure records: at an interval fixed by the user, or found from a share of the loop's time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import torch

from szilard.models.evaluation import undisturbed
from szilard.models.ppm import PPM
from szilard.monitor.calibration import Calibration, RecordingBudget
from szilard.monitor.doubling import DoublingInterval
from szilard.monitor.measure import Doubling, Follower, Measure, Occasion, Recorder, Sharing
from szilard.monitor.ranks import Ranks
from szilard.monitor.rows import Rows


@final
@dataclass
class ScheduledRecorder:
    """A recorder with the steps of its records.

    Attributes:
        recorder: does the measuring.
        every: training steps between the latest record and the one before; None until it is known.
        budget: its own share of the loop's time; None: it takes part in the monitor's.
        last: step of the last record; -1 before the first.
        doubling: where the interval begins at 1 and doubles; else None.
        records: how many were made.
    """

    recorder: Recorder
    every: int | None
    budget: float | None = None
    last: int = -1
    doubling: DoublingInterval | None = None
    records: int = 0
    _opened: int | None = None

    @classmethod
    def of(cls, measure: Measure, recorder: Recorder, default: int | None) -> ScheduledRecorder:
        """Schedules a started measure; ``default`` is the monitor's interval, for measures without a budget."""
        budget = getattr(measure, "budget", None)
        return cls(recorder, measure.every or (default if budget is None else None), budget)

    @property
    def name(self) -> str:
        """Name of the first group of the record that it writes."""
        return self.recorder.groups[0].name

    @cached_property
    def keeps_ledger(self) -> bool:
        """Whether it writes the group ``ledger``, which holds the loop's own numbers too."""
        return any(group.name == "ledger" for group in self.recorder.groups)

    def due(self, step: int) -> bool:
        """Whether a record is due after this training step: a multiple of the interval since counting opened.

        After a record that failed the next one is due where it would have been: measuring intervals have these ends.
        """
        every = self.every if self.doubling is None else self.doubling.every
        if every is None or step <= self.last:
            return False
        return step - self.last >= every if self._opened is None else (step - self._opened) % every == 0

    def begin_densely(self) -> None:
        """Every step is recorded from now on, until the interval doubles, by a recorder that can take that."""
        if isinstance(self.recorder, Doubling):
            self.doubling = DoublingInterval()
            self.every = self.doubling.every

    def observe(self, step: int, ragged: bool) -> None:
        """The coming record, after which counting goes on from there; where it fails, from where it was."""
        opens = self.every is not None and self._opened is None and not ragged
        every, may_double = self.every, False
        if self.doubling is not None:
            every, may_double = self.doubling.every, self.doubling.doubling
        self.recorder.observe(Occasion(step, step - max(self.last, 0), opens, ragged, every or 1, may_double))
        self._opened = step if opens else self._opened
        if self.doubling is not None:
            self.every = every
            self.doubling.after(step)
        self.last = step
        self.records += 1


@final
@dataclass(frozen=True, slots=True)
class SettledInterval:
    """An interval that was found by timing.

    Attributes:
        recorders: those that take it.
        timed: seconds of a record and of a step, and the steps that were timed.
        sentence: what the user is told of it.
    """

    recorders: Sequence[ScheduledRecorder]
    timed: dict[str, Any]
    sentence: str


@final
class Schedule:
    """All recorders of a monitor; those without an interval get one, and without a budget share the monitor's.

    Args:
        recorders: all of them.
        budget: the monitor's.
        ppm: the model watched.
        ranks: which together decide what is timed.
    """

    def __init__(self, recorders: Sequence[ScheduledRecorder], budget: float, ppm: PPM, ranks: Ranks) -> None:
        self.recorders = recorders
        self.main = next((each for each in recorders if each.keeps_ledger), recorders[0])
        """The one that writes the ledger, else the first."""
        self._ppm, self._ranks = ppm, ranks
        together = [each for each in recorders if each.every is None and each.budget is None]
        alone = [[each] for each in recorders if each.every is None and each.budget is not None]
        self._waiting = [
            (RecordingBudget(of[0].budget or budget, lambda of=of: self._timed(of)), of)  # type: ignore[misc]
            for of in [*([together] if together else []), *alone]
        ]
        for _, of in self._waiting:
            self._begin(of)
        budgets = [of for of, _ in self._waiting]
        self._calibration = Calibration(budgets, self._now) if budgets else None

    @property
    def settled(self) -> bool:
        """Whether every recorder has its interval, given or found."""
        return self._calibration is None

    def due(self, step: int) -> list[ScheduledRecorder]:
        """The recorders of which a record is due after this training step."""
        return [each for each in self.recorders if each.due(step)]

    def rows(self) -> list[Rows]:
        """The rows of all that was observed; on a rank that does not write it is let go."""
        if self._ranks.writes:
            return [rows for each in self.recorders for rows in each.recorder.rows()]
        for each in self.recorders:
            if isinstance(each.recorder, Sharing):
                each.recorder.forget()
        return []

    def owed(self) -> list[Rows]:
        """The rows that recorders have held back until the end."""
        return [rows for each in self.recorders if self._ranks.writes for rows in each.recorder.finish()]

    def budget_of(self, recorder: ScheduledRecorder) -> float | None:
        """The share of time that a recorder's records may take; None where its interval was given."""
        return next((budget.budget for budget, of in self._waiting if recorder in of), None)

    def _begin(self, recorders: Sequence[ScheduledRecorder]) -> None:
        """Those that can begin to record at every step do, where that is affordable."""
        able = [each for each in recorders if isinstance(each.recorder, Doubling)]
        # twice where need be: the first time may have to warm up
        if able and any(DoublingInterval.affordable(self._timed(recorders)) for _ in range(2)):
            for each in able:
                each.begin_densely()

    def in_the_end(self, steps: int) -> str:
        """What interval the run got and what gives more, in a sentence; empty where the user chose it."""
        main, budget = self.main, self.budget_of(self.main)
        if budget is None:
            return ""
        if main.every is None:
            return (
                f"the run ended at step {steps:,}, before an interval was found that {100 * budget:g} % of its time "
                "affords, with its first and its last model recorded: give every=… for more."
            )
        often = "each step" if main.every == 1 else f"every {main.every} steps"
        first = " at the end, more often before" if main.doubling is not None and main.every > 1 else ""
        more = "" if main.every == 1 else f" More: a budget above {100 * budget:g} %, or every=… by your own choice."
        return f"{main.records:,} records of {steps:,} steps, {often}{first}.{more}"

    def step(self) -> bool:
        """A training step is done; True once enough is known to :meth:`settle`."""
        return self._calibration is not None and bool(self._ranks.decided(self._calibration.step()))

    def resume(self) -> None:
        """The next step begins now: a measure with an interval of its own may have recorded meanwhile."""
        if self._calibration is not None:
            self._calibration.resume()

    def settle(self) -> list[SettledInterval]:
        """Fixes the intervals that were not given; each is returned with what was timed."""
        calibration, self._calibration = self._calibration, None
        if calibration is None:
            return []
        return [self._settled(calibration, budget, recorders) for budget, recorders in self._waiting]

    def _settled(
        self, calibration: Calibration, budget: RecordingBudget, recorders: Sequence[ScheduledRecorder]
    ) -> SettledInterval:
        step = self._ranks.decided(calibration.step_seconds)
        dense = next((each.doubling for each in recorders if each.doubling is not None), None)
        if dense is not None:  # each of the timed steps came after a record, which empties the caches
            step = max(step - budget.record_seconds, step / 2)
        least = max(getattr(each.recorder, "least_every", 1) for each in recorders)
        every = max(budget.every(step), least)
        for each in recorders:
            if each.doubling is not None:
                every = each.doubling.settle(every, budget.record_seconds)
        for each in recorders:
            each.every = every if each.doubling is None else each.every
        what = "" if any(each.budget is None for each in recorders) else f"the {recorders[0].name} "
        often = "every step" if every == 1 else f"every {every} steps"
        begins = f" from step {dense.settled_at} on, more often before" if dense is not None and every > 1 else ""
        sentence = (
            f"recording {what}{often}{begins}: a record takes {1e3 * budget.record_seconds:.2f} ms, a step "
            f"{1e3 * step:.2f} ms, and watching may take {100 * budget.budget:g} % of the time, what records delay "
            "included."
        )
        timed = {"record_seconds": budget.record_seconds, "step_seconds": step, "steps": calibration.steps}
        return SettledInterval(recorders, timed, sentence)

    def _timed(self, recorders: Sequence[ScheduledRecorder]) -> float:
        """A record's seconds, what surrounds the evaluation included; of several ranks, the first one's."""
        with self._ranks.gathered():
            return float(self._ranks.decided(self._rehearse(recorders)))

    def _rehearse(self, recorders: Sequence[ScheduledRecorder]) -> float:
        beside = [each.recorder for each in recorders if isinstance(each.recorder, Follower)]
        inside = [each.recorder for each in recorders if not isinstance(each.recorder, Follower)]
        seconds = sum(recorder.rehearse(self._now) for recorder in beside)
        if not inside:
            return seconds
        begin = self._now()
        with undisturbed(self._ppm.module, self._ppm.device):
            entered = self._now()
            seconds += sum(recorder.rehearse(self._now) for recorder in inside)
            leaving = self._now()
        return seconds + (entered - begin) + (self._now() - leaving)

    def _now(self) -> float:
        return device_time(self._ppm.device)


def device_time(device: torch.device) -> float:
    """Seconds by a clock that only runs forward, with the device's queue empty; used only while calibrating."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
