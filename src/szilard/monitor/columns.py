"""From per-input tensors to the columns of a row: mean and standard error over inputs, for all of them at once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.monitor.path import LengthSum
from szilard.monitor.rows import Row, Value


@final
class Columns:
    """Collects quantities and turns them into a row without waiting for the device."""

    def __init__(self) -> None:
        self._layout: dict[str, int | None] = {}
        self._per_input: list[Tensor] = []
        self._replaced: list[tuple[int, Tensor]] = []
        self._plain: dict[str, Tensor] = {}

    def add(self, name: str, quantity: Float[Tensor, "*intervals inputs"] | LengthSum) -> None:
        """A quantity with an error over inputs: a mean over inputs, or a length with its influences."""
        per_input = quantity.influence if isinstance(quantity, LengthSum) else quantity
        if isinstance(quantity, LengthSum):
            self._replaced.append((self._count(), quantity.value.reshape(-1)))
        self._layout[name] = None if per_input.dim() == 1 else per_input.shape[0]
        self._per_input.append(per_input.reshape(-1, per_input.shape[-1]))

    def add_plain(self, name: str, value: Float[Tensor, ""]) -> None:
        """A number without an error."""
        self._plain[name] = value

    def row(self, group: str, step: int, host: Mapping[str, Value]) -> Row:
        """The row, with ``<name>_error`` beside every quantity."""
        stacked = torch.cat(self._per_input)
        count = stacked.shape[-1]
        means = stacked.mean(-1)
        for position, value in self._replaced:
            means[position : position + value.numel()] = value
        errors = stacked.std(-1) / math.sqrt(count) if count > 1 else torch.zeros_like(means)
        layout = {**self._layout, **{f"{name}_error": length for name, length in self._layout.items()}}
        layout |= dict.fromkeys(self._plain)
        return Row(group, step, layout, torch.cat([means, errors, *(v.reshape(1) for v in self._plain.values())]), host)

    def _count(self) -> int:
        return sum(part.shape[0] for part in self._per_input)
