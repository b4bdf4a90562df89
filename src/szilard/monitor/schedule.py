"""When each measure records: at an interval fixed by the user, or found once from a share of the loop's time.

Which records are looked at where not all are: the first ones, and then ever fewer.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, final

import torch

from szilard.models.evaluation import undisturbed
from szilard.models.ppm import PPM
from szilard.monitor.calibration import Calibration, RecordingBudget
from szilard.monitor.measure import Follower, Measure, Occasion, Recorder


@final
class ThinningSchedule:
    """Says which records to look at: all of the first ``dense``, then each further from the start by a factor.

    Args:
        growth: from one record's number to the next one's, counted from 1 (from 0 with ``behind=1``).
        dense: records at first that are all looked at.
        behind: what is taken off a record's number before it grows.
        first: number of the first, from 0; infinite for none.

    Example:
        >>> schedule = ThinningSchedule(growth=1.5, dense=3)
        >>> [number for number in range(12) if schedule.due()]
        [0, 1, 2, 5, 9]
    """

    def __init__(self, growth: float, *, dense: int = 0, behind: int = 0, first: float = 0) -> None:
        self._growth, self._dense, self._behind = growth, dense, behind
        self._records = 0
        self._next = first

    def due(self) -> bool:
        """Whether the coming record is one to look at; counts it."""
        due = self._records >= self._next
        self._records += 1
        if due:
            self._next = self._after(self._records)
        return due

    def _after(self, following: int) -> int:
        if following < self._dense:
            return following
        return max(following, math.ceil(self._growth * (following - self._behind)))


@final
@dataclass(slots=True)
class ScheduledRecorder:
    """A recorder with the steps of its records.

    Attributes:
        recorder: does the measuring.
        every: training steps between records; None until it is known.
        budget: its own share of the loop's time; None: it takes part in the monitor's.
        last: step of the last record; -1 before the first.
    """

    recorder: Recorder
    every: int | None
    budget: float | None = None
    last: int = -1
    _opened: bool = False

    @classmethod
    def of(cls, measure: Measure, recorder: Recorder, default: int | None) -> ScheduledRecorder:
        """Schedules a started measure; ``default`` is the monitor's interval, for measures without a budget."""
        budget = getattr(measure, "budget", None)
        return cls(recorder, measure.every or (default if budget is None else None), budget)

    @property
    def name(self) -> str:
        """Name of the first group of the record that it writes."""
        return self.recorder.groups[0].name

    @property
    def keeps_ledger(self) -> bool:
        """Whether it writes the group ``ledger``, which holds the loop's own numbers too."""
        return any(group.name == "ledger" for group in self.recorder.groups)

    def due(self, step: int) -> bool:
        """Whether a record is due after this training step."""
        return self.every is not None and step - self.last >= self.every

    def observe(self, step: int, ragged: bool) -> None:
        """The coming record, after which counting goes on from there; where it fails, from where it was."""
        opens = self.every is not None and not self._opened and not ragged
        self.recorder.observe(Occasion(step, step - max(self.last, 0), opens, ragged))
        self._opened = self._opened or opens
        self.last = step


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
    """

    def __init__(self, recorders: Sequence[ScheduledRecorder], budget: float, ppm: PPM) -> None:
        self.recorders = recorders
        self.main = next((each for each in recorders if each.keeps_ledger), recorders[0])
        """The one that writes the ledger, else the first."""
        self._ppm = ppm
        together = [each for each in recorders if each.every is None and each.budget is None]
        alone = [[each] for each in recorders if each.every is None and each.budget is not None]
        self._waiting = [
            (RecordingBudget(of[0].budget or budget, lambda of=of: self._rehearse(of)), of)  # type: ignore[misc]
            for of in [*([together] if together else []), *alone]
        ]
        budgets = [of for of, _ in self._waiting]
        self._calibration = Calibration(budgets, self._now) if budgets else None

    @property
    def settled(self) -> bool:
        """Whether every recorder has its interval, given or found."""
        return self._calibration is None

    def due(self, step: int) -> list[ScheduledRecorder]:
        """The recorders of which a record is due after this training step."""
        return [each for each in self.recorders if each.due(step)]

    def budget_of(self, recorder: ScheduledRecorder) -> float | None:
        """The share of time that a recorder's records may take; None where its interval was given."""
        return next((budget.budget for budget, of in self._waiting if recorder in of), None)

    def step(self) -> bool:
        """A training step is done; True once enough is known to :meth:`settle`."""
        return self._calibration is not None and self._calibration.step()

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
        step = calibration.step_seconds
        least = max(getattr(each.recorder, "least_every", 1) for each in recorders)
        every = max(budget.every(step), least)
        for each in recorders:
            each.every = every
        what = "" if any(each.budget is None for each in recorders) else f"the {recorders[0].name} "
        sentence = (
            f"recording {what}every {every} steps: a record takes {1e3 * budget.record_seconds:.2f} ms, a step "
            f"{1e3 * step:.2f} ms, and watching may take {100 * budget.budget:g} % of the time, what records delay "
            "included."
        )
        timed = {"record_seconds": budget.record_seconds, "step_seconds": step, "steps": calibration.steps}
        return SettledInterval(recorders, timed, sentence)

    def _rehearse(self, recorders: Sequence[ScheduledRecorder]) -> float:
        """A record's seconds, what surrounds the evaluation included."""
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


@final
class Followers:
    """The recorders that look at steps after a record, and which of them want to hear of the next one.

    Args:
        recorders: all of the monitor's; those that look at models alone are passed over.
    """

    def __init__(self, recorders: Iterable[Recorder]) -> None:
        self._all = [recorder for recorder in recorders if isinstance(recorder, Follower)]
        self._following: list[Follower] = []

    def __bool__(self) -> bool:
        return bool(self._following)

    def look(self) -> None:
        """A record has begun: finds out who follows the steps after it."""
        self._following = [recorder for recorder in self._all if recorder.following]

    def follow(self, step: int) -> None:
        """Tells of the step that is done whoever looks at steps, until each has seen enough."""
        for recorder in self._following:
            recorder.follow(step)
        self._following = [recorder for recorder in self._following if recorder.following]

    def leave(self) -> None:
        """Recording has ended, and nothing of it stays on the loop."""
        for recorder in self._all:
            recorder.leave()
        self._following = []


def device_time(device: torch.device) -> float:
    """Seconds by a clock that only runs forward, with the device's queue empty; used only while calibrating."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
