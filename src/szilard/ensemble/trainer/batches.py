"""What a chunk of members trains on: rows of one shared pool of inputs, and labels of each member's own.

Which of its examples each member sees at each step, and their inputs and labels, for all members.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, final

import numpy as np
import torch
from jaxtyping import Int, Shaped
from numpy.typing import NDArray
from torch import Tensor

from szilard.ensemble.trainer.randomness import RandomStreams
from szilard.errors import SpecError


@final
@dataclass(frozen=True)
class Cohort:
    """The training sets of M members.

    Attributes:
        inputs: the pool that all members draw from.
        index: each member's examples, as rows of the pool; repeats are allowed.
        labels: of these examples, as each member is told them: permuted or noisy, for instance.

    Raises:
        SpecError: if the shapes do not fit together, or a row is not in the pool.

    Example:
        >>> inputs = torch.zeros(100, 3)
        >>> index = torch.tensor([[0, 1, 2, 3], [4, 5, 6, 7]])
        >>> cohort = Cohort(inputs, index, labels=index % 2)
        >>> cohort.members, cohort.size
        (2, 4)
    """

    inputs: Shaped[Tensor, examples * input]
    index: Int[Tensor, "members size"]
    labels: Shaped[Tensor, "members size *heads"]

    def __post_init__(self) -> None:
        if self.index.ndim != 2 or not self.index.numel():
            raise SpecError(f"a cohort's index must be shaped (members, size), not {tuple(self.index.shape)}.")
        if self.labels.shape[:2] != self.index.shape:
            raise SpecError(
                f"a cohort's labels must have one row for each of its {tuple(self.index.shape)} (members, examples),"
                f" not {tuple(self.labels.shape)}."
            )
        if self.index.min() < 0 or self.index.max() >= len(self.inputs):
            raise SpecError(
                f"a cohort's index must hold rows of its pool, from 0 to {len(self.inputs) - 1}, not"
                f" {int(self.index.min())} to {int(self.index.max())}."
            )

    @property
    def members(self) -> int:
        """Number of models that are trained on these sets."""
        return len(self.index)

    @property
    def size(self) -> int:
        """Number of examples in each member's training set."""
        return self.index.shape[1]

    def to(self, device: str | torch.device) -> Self:
        """A copy on another device, or itself where it is there already."""
        return type(self)(self.inputs.to(device), self.index.to(device), self.labels.to(device))


_DRAWS = 4096
"""Draws that are made at once for a member: enough that a call costs little against what it brings."""


@final
class BatchOrder:
    """The batches of all members, in blocks of steps that can be had in any order.

    With ``shuffle="epochs"`` a block holds whole epochs, each a permutation of the member's examples whose last batch
    is left out where it is not full; with ``"replacement"`` every example is drawn anew.

    Args:
        size: examples in each member's training set.
        batch_size: examples in a step.
        shuffle: see :class:`szilard.Training`.
        seeds: of the members' orders.

    Raises:
        SpecError: if an epoch is smaller than one batch.
    """

    def __init__(self, size: int, batch_size: int, shuffle: str, seeds: Sequence[int]) -> None:
        if shuffle == "epochs" and batch_size > size:
            raise SpecError(
                f"a batch of {batch_size} is more than the {size} training examples: lower training.batch_size, or set"
                " training.shuffle to 'replacement'."
            )
        self._size = size
        self._batch_size = batch_size
        self._members = len(seeds)
        self._streams = RandomStreams(seeds, "order of batches")
        self._epochs = max(1, _DRAWS // size) if shuffle == "epochs" else 0
        self.steps = self._epochs * (size // batch_size) if self._epochs else max(1, _DRAWS // batch_size)
        """Steps in a block."""

    def block(self, number: int) -> Int[Tensor, "members steps batch"]:
        """The examples of the steps from ``number * steps`` on."""
        draw = self._permuted if self._epochs else self._drawn
        rows = np.stack([draw(member, number) for member in range(self._members)])
        return torch.from_numpy(rows)

    def _permuted(self, member: int, number: int) -> NDArray[np.int64]:
        keys = self._streams.bits(member, number, self._epochs * self._size).reshape(self._epochs, self._size)
        whole = self._size - self._size % self._batch_size
        return np.argsort(keys, axis=1, kind="stable")[:, :whole].reshape(self.steps, self._batch_size)

    def _drawn(self, member: int, number: int) -> NDArray[np.int64]:
        bits = self._streams.bits(member, number, self.steps * self._batch_size)
        return (bits % np.uint64(self._size)).astype(np.int64).reshape(self.steps, self._batch_size)


@final
class Batches:
    """Looks up what each member sees; a block of steps is worked out at a time and kept until another is asked for.

    Args:
        cohort: the members' training sets, on the device that trains.
        order: in which they go through them.
    """

    def __init__(self, cohort: Cohort, order: BatchOrder) -> None:
        self._cohort = cohort
        self._order = order
        self._number = -1
        self._rows = torch.empty(0)
        self._labels = torch.empty(0)

    def at(self, step: int) -> tuple[Shaped[Tensor, "members batch *input"], Shaped[Tensor, "members batch *heads"]]:
        """Inputs and labels that all members train on at one step."""
        rows, labels = self._at(step)
        return self._inputs(rows), labels

    def span(
        self, first: int, steps: int
    ) -> tuple[Shaped[Tensor, "members steps batch *input"], Shaped[Tensor, "members steps batch *heads"]]:
        """Inputs and labels of the ``steps`` steps from ``first`` on, for all members."""
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
