"""From a recorder's rows to the record: the loop's own numbers are added, and the first that is not finite ends it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import torch
from torch import Tensor

from szilard.monitor.loss import LossSum
from szilard.monitor.rows import Rows, Value

if TYPE_CHECKING:
    from szilard.records.writer import RecordWriter


@final
@dataclass(frozen=True, slots=True)
class LoopNote:
    """What the loop knows at a record and the model does not; tensors may wait on the device until they are written.

    Attributes:
        wall_time: seconds since the monitor was made.
        learning_rate: of the optimiser's first group; None without an optimiser.
        loss: since the previous record; None if none was given.
    """

    wall_time: float
    learning_rate: float | Tensor | None
    loss: LossSum | None

    @classmethod
    def of(cls, wall_time: float, optimizer: torch.optim.Optimizer | None, loss: LossSum | None) -> LoopNote:
        """Reads the optimiser without waiting for the device."""
        rate = None if optimizer is None else optimizer.param_groups[0].get("lr")
        return cls(wall_time, rate.detach().clone() if isinstance(rate, Tensor) else rate, loss)

    def columns(self) -> dict[str, Value]:
        """As columns of the ledger."""
        columns: dict[str, Value] = {} if self.loss is None else {**self.loss.estimate()}
        columns["wall_time"] = self.wall_time
        if self.learning_rate is not None:
            columns["learning_rate"] = float(self.learning_rate)
        return columns


@final
class Scribe:
    """Writes rows in the order of their steps, as long as every number in them is finite.

    Args:
        writer: of the record.
    """

    def __init__(self, writer: RecordWriter) -> None:
        self.writer = writer
        self._notes: dict[int, LoopNote] = {}

    def note(self, step: int, note: LoopNote) -> None:
        """Keeps the loop's numbers until the ledger's row of that step is written."""
        self._notes[step] = note

    def write(self, tables: Sequence[Rows]) -> tuple[int, str] | None:
        """Appends all rows before the first step at which something is not finite, and returns that step and reason."""
        rows: list[tuple[str, int, dict[str, Value]]] = []
        bad: dict[int, tuple[str, str]] = {}
        for table in tables:
            for step, columns in table.to_host():
                if table.group == "ledger" and step in self._notes:
                    columns |= self._notes.pop(step).columns()
                name = next(
                    (name for name, value in columns.items() if not _finite(name, value, table.undefined)), None
                )
                if name is not None:
                    bad.setdefault(step, (name, table.remedy))
                rows.append((table.group, step, columns))
        end = min(bad, default=math.inf)
        for group, step, columns in rows:
            if step < end:
                self.writer.append(group, step, columns)
        if not bad:
            return None
        first = min(bad)
        name, remedy = bad[first]
        return first, f"{name} is not finite: {remedy}"


def _finite(name: str, value: Value, undefined: frozenset[str]) -> bool:
    if name == "loss_error":  # a single step has none
        return True
    if isinstance(value, list):
        return all(_finite(name, item, undefined) for item in value)
    return math.isfinite(value) or (name in undefined and math.isnan(value))
