"""Rows on their way from device to record: whole tables cross to the host in one transfer each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

from jaxtyping import Float
from torch import Tensor

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

    def _unpack(self, numbers: list[float]) -> dict[str, Value]:
        columns: dict[str, Value] = {}
        position = 0
        for name, length in self.layout.items():
            columns[name] = numbers[position] if length is None else numbers[position : position + length]
            position += 1 if length is None else length
        return columns
