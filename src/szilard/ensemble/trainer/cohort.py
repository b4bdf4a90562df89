"""What a chunk of members trains on: rows of one shared pool of inputs, and labels of each member's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, final

import torch
from jaxtyping import Int, Shaped
from torch import Tensor

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
