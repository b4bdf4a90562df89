"""Rows on their way from device to record: packed so that a whole batch crosses to the host in one transfer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor

Value = float | int | list[float] | list[int]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of one group, its numbers still on the device.

    Attributes:
        group: the record's group.
        step: training step.
        layout: column name → number of values it takes (None for a scalar), in the order of ``values``.
        values: all numbers, float64.
        host: columns already known on the host.
    """

    group: str
    step: int
    layout: Mapping[str, int | None]
    values: Float[Tensor, " columns"]
    host: Mapping[str, Value] = field(default_factory=dict)


def to_host(rows: Sequence[Row]) -> list[dict[str, Value]]:
    """The columns of every row as Python numbers; synchronises with the device once, however many rows there are."""
    if not rows:
        return []
    flat = torch.cat([row.values for row in rows]).tolist()
    bounds = [0]
    for row in rows:
        bounds.append(bounds[-1] + row.values.numel())
    return [
        _unpack(row, flat[low:high]) | dict(row.host) for row, (low, high) in zip(rows, pairwise(bounds), strict=True)
    ]


def _unpack(row: Row, numbers: list[float]) -> dict[str, Value]:
    columns: dict[str, Value] = {}
    position = 0
    for name, length in row.layout.items():
        if length is None:
            columns[name] = numbers[position]
            position += 1
        else:
            columns[name] = numbers[position : position + length]
            position += length
    return columns
