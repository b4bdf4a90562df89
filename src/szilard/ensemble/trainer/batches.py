"""Inputs and labels of each step, for all members."""

from __future__ import annotations

from typing import final

import torch
from jaxtyping import Int, Shaped
from torch import Tensor

from szilard.ensemble.trainer.cohort import Cohort
from szilard.ensemble.trainer.order import Order


@final
class Batches:
    """Looks up what each member sees; a block of steps is worked out at a time and kept until another is asked for.

    Args:
        cohort: the members' training sets, on the device that trains.
        order: in which they go through them.
    """

    def __init__(self, cohort: Cohort, order: Order) -> None:
        self._cohort = cohort
        self._order = order
        self._number = -1
        self._rows = torch.empty(0)
        self._labels = torch.empty(0)

    def at(self, step: int) -> tuple[Shaped[Tensor, "members batch *input"], Shaped[Tensor, "members batch *heads"]]:
        """What a step trains on."""
        rows, labels = self._at(step)
        return self._inputs(rows), labels

    def span(
        self, first: int, steps: int
    ) -> tuple[Shaped[Tensor, "members steps batch *input"], Shaped[Tensor, "members steps batch *heads"]]:
        """What the steps from ``first`` on train on."""
        found = [self._at(step) for step in range(first, first + steps)]
        rows = torch.stack([rows for rows, _ in found], 1)
        return self._inputs(rows), torch.stack([labels for _, labels in found], 1)

    def _at(self, step: int) -> tuple[Int[Tensor, "members batch"], Shaped[Tensor, "members batch *heads"]]:
        number, within = divmod(step, self._order.steps)
        if number != self._number:
            self._look_up(number)
        return self._rows[:, within], self._labels[:, within]

    def _inputs(self, rows: Int[Tensor, members * rest]) -> Shaped[Tensor, members * rest * input]:
        chosen = self._cohort.inputs.index_select(0, rows.reshape(-1))
        return chosen.view(*rows.shape, *chosen.shape[1:])

    def _look_up(self, number: int) -> None:
        cohort = self._cohort
        examples = self._order.block(number).to(cohort.index.device)
        member = torch.arange(cohort.members, device=examples.device)[:, None, None]
        self._rows = cohort.index[member, examples]
        self._labels = cohort.labels[member, examples]
        self._number = number
