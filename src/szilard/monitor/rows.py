"""Rows on their way from device to record: whole tables cross to the host in one transfer, and are written in order."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, final

from jaxtyping import Float
from torch import Tensor

from szilard.monitor.loop import LoopState, LossSum

if TYPE_CHECKING:
    from szilard.monitor.bystander import Unwritten
    from szilard.monitor.loggers import RunLoggers
    from szilard.records.writer import RecordWriter

_DIVERGENCES = ("work", "work_direct", "work_reverse", "cross_entropy")
Value = float | int | list[Any]
"""A number, or lists of numbers, nested where a column has several dimensions."""


@final
@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one group, their numbers still on the device.

    Attributes:
        group: the record's group.
        steps: training step of each row.
        layout: column name → how many numbers it takes (None for a scalar), in the order of ``values``.
        values: one line of numbers a row, float64.
        host: for each row the columns that the host knows already; empty if there are none.
        undefined: columns that may be NaN in a sound run, where a quantity does not exist (yet).
        remedy: what to do where another is not finite.
    """

    group: str
    steps: Sequence[int]
    layout: Mapping[str, int | None]
    values: Float[Tensor, "rows columns"]
    host: Sequence[Mapping[str, Value]] = field(default_factory=list)
    undefined: frozenset[str] = frozenset()
    remedy: str = "look for NaN or Inf in the model's logits and loss"

    def to_host(self) -> list[tuple[int, dict[str, Value]]]:
        """Each row's step and columns as Python numbers; waits for the device."""
        known = self.host or [{}] * len(self.steps)
        table = self.values.tolist()
        return [
            (step, self._unpack(line) | dict(host)) for step, line, host in zip(self.steps, table, known, strict=True)
        ]

    def sound(self) -> Set[str]:
        """Columns that need not be looked through: those from the device, where every number there is finite."""
        if not bool(self.values.isfinite().all()):
            return frozenset()
        return self.layout.keys() - {name for known in self.host for name in known}

    def _unpack(self, numbers: list[float]) -> dict[str, Value]:
        columns: dict[str, Value] = {}
        position = 0
        for name, length in self.layout.items():
            columns[name] = numbers[position] if length is None else numbers[position : position + length]
            position += 1 if length is None else length
        return columns


@final
class RowWriter:
    """Writes rows in the order of their steps, as long as every number in them is finite.

    Args:
        record: the record that they go to.
        loggers: which get them as well.
        first_step: from which its steps count; here they begin at 0.
    """

    def __init__(self, record: RecordWriter | Unwritten, loggers: RunLoggers, first_step: int = 0) -> None:
        self.record, self.loggers, self.first_step = record, loggers, first_step
        self._notes: dict[int, LoopState] = {}
        self._gaps = 0

    def note(self, step: int, state: LoopState) -> None:
        """Keeps the loop's numbers until the ledger's row of that step is written."""
        self._notes[step] = state

    def write(self, tables: Sequence[Rows]) -> tuple[int, str] | None:
        """Appends all rows before the first step at which something is not finite, and returns that step and reason."""
        rows: list[tuple[str, int, dict[str, Value]]] = []
        bad: dict[int, tuple[str, str]] = {}
        infinite: dict[int, str] = {}
        for table in tables:
            sound = table.sound()
            for step, columns in table.to_host():
                if table.group == "ledger" and step in self._notes:
                    columns |= self._of_loop(self._notes.pop(step))
                name = _not_finite(columns, sound, table.undefined)
                if name is not None:
                    bad.setdefault(step, (name, table.remedy))
                    if table.group == "ledger" and name in _DIVERGENCES and _infinite(columns[name]):
                        infinite.setdefault(step, name)
                rows.append((table.group, step, columns))
        end = min(bad, default=math.inf)
        kept = [(group, self.first_step + step, row) for group, step, row in rows if step < end]
        self.record.extend(kept)
        self.loggers.write(kept)
        if not bad:
            return None
        first = min(bad)
        name, remedy = bad[first]
        if first in infinite:
            return first, (
                f"{infinite[first]} is infinite: an outcome that one model allows is impossible for the other (a logit "
                "of −inf on one side only): mask the same outcomes throughout, or with a finite number such as −1e4."
            )
        return first, f"{name} is not finite: {remedy}"

    def _of_loop(self, state: LoopState) -> dict[str, Value]:
        self.count_gaps(state.loss)
        return dict(state.columns())

    def count_gaps(self, loss: LossSum | None) -> None:
        """Counts losses that were not finite in the record."""
        gaps = 0 if loss is None else int(loss.gaps)
        if gaps:
            self._gaps += gaps
            self.record.annotate(loss_gaps=self._gaps)


def _infinite(value: Value) -> bool:
    return isinstance(value, float) and math.isinf(value)


def _not_finite(columns: Mapping[str, Value], sound: Set[str], undefined: frozenset[str]) -> str | None:
    """The first column that holds something that is not finite and should be."""
    for name, value in columns.items():
        if name not in sound and not _finite(name, value, undefined):
            return name
    return None


def _finite(name: str, value: Value, undefined: frozenset[str]) -> bool:
    if name == "loss_error" or (name == "loss" and isinstance(value, float) and math.isnan(value)):
        return True  # a single step has no error, and no loss where none was finite
    if isinstance(value, list):
        return all(_finite(name, item, undefined) for item in value)
    return math.isfinite(value) or (name in undefined and math.isnan(value))
