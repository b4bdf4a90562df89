"""From per-input tensors to the columns of rows: mean and standard error over inputs, for all of them at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.ledger.length import LengthSum
from szilard.monitor.rows import Rows, Value


@final
class Columns:
    """Collects quantities of several records and turns them into rows without waiting for the device."""

    def __init__(self) -> None:
        self._layout: dict[str, int | None] = {}
        self._per_input: list[Tensor] = []
        self._replaced: list[tuple[int, Tensor]] = []
        self._plain: dict[str, Tensor] = {}
        self._replaced_errors: list[tuple[int, Tensor]] = []
        self._width = 0

    def add(self, name: str, quantity: Float[Tensor, "records *intervals inputs"] | LengthSum) -> None:
        """A quantity with an error over inputs: a mean over inputs, or a length with its influences."""
        per_input = quantity.influence if isinstance(quantity, LengthSum) else quantity
        self._layout[name] = None if per_input.dim() == 2 else per_input.shape[1]
        per_input = per_input.reshape(len(per_input), -1, per_input.shape[-1])
        if isinstance(quantity, LengthSum):
            self._replaced.append((self._width, quantity.value.reshape(len(per_input), -1)))
        self._width += per_input.shape[1]
        self._per_input.append(per_input)

    def add_share(self, name: str, share: Float[Tensor, "records inputs"]) -> None:
        """A quantity between 0 and 1; its error counts two more inputs, a 0 and a 1: all right is no certainty."""
        position = self._width
        self.add(name, share)
        count = share.shape[-1] + 2
        mean = (share.sum(-1) + 1) / count
        square = share.square().sum(-1) + 1 - count * mean.square()
        self._replaced_errors.append((position, (square / (count - 1) / count).sqrt()))

    def add_plain(self, name: str, value: Float[Tensor, " records"]) -> None:
        """Adds one number a record that has no error, such as the precision floor."""
        self._plain[name] = value

    def rows(self, group: str, steps: Sequence[int], host: Sequence[Mapping[str, Value]]) -> Rows:
        """The rows, with ``<name>_error`` beside every quantity."""
        stacked = torch.cat(self._per_input, dim=1)
        count = stacked.shape[-1]
        means = stacked.mean(-1)
        # torch.std is ten times slower than this on a CPU
        errors = ((stacked - means.unsqueeze(-1)).square().mean(-1) / max(count - 1, 1)).sqrt()
        for position, value in self._replaced:
            means[:, position : position + value.shape[1]] = value
        for position, error in self._replaced_errors:
            errors[:, position] = error
        layout = {**self._layout, **{f"{name}_error": length for name, length in self._layout.items()}}
        layout |= dict.fromkeys(self._plain)
        plain = [value.unsqueeze(-1) for value in self._plain.values()]
        return Rows(group, steps, layout, torch.cat([means, errors, *plain], dim=1), host)
