"""One recorder and its rhythm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from szilard.monitor.measure import Measure, Occasion, Recorder


@final
@dataclass(slots=True)
class Watch:
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
    def of(cls, measure: Measure, recorder: Recorder, default: int | None) -> Watch:
        """The watch of a started measure; ``default`` is the monitor's interval, for measures without a budget."""
        budget = getattr(measure, "budget", None)
        return cls(recorder, measure.every or (default if budget is None else None), budget)

    @property
    def name(self) -> str:
        """Of its first group."""
        return self.recorder.groups[0].name

    @property
    def keeps_ledger(self) -> bool:
        """Whether it writes the group ``ledger``, which holds the loop's own numbers too."""
        return any(group.name == "ledger" for group in self.recorder.groups)

    def due(self, step: int) -> bool:
        """Whether a record is due after this training step."""
        return self.every is not None and step - self.last >= self.every

    def occasion(self, step: int, ragged: bool) -> Occasion:
        """The coming record, after which counting goes on from there."""
        opens = self.every is not None and not self._opened and not ragged
        self._opened = self._opened or opens
        occasion = Occasion(step, step - max(self.last, 0), opens, ragged)
        self.last = step
        return occasion
