"""Which examples each training step sees."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from szilard.errors import SpecError


def batches(examples: int, size: int, shuffle: str, generator: torch.Generator) -> Iterator[Tensor]:
    """An endless run of index tensors shaped ``(size,)``.

    Args:
        examples: how many there are.
        size: of a batch.
        shuffle: ``"epochs"`` or ``"replacement"``; see :class:`szilard.Training`.
        generator: of the order.

    Raises:
        SpecError: if an epoch is smaller than one batch.
    """
    if shuffle == "epochs" and size > examples:
        raise SpecError(
            f"a batch of {size} is more than the {examples} training examples: lower training.batch_size, or set"
            " training.shuffle to 'replacement'."
        )
    return _endless(examples, size, shuffle, generator)


def _endless(examples: int, size: int, shuffle: str, generator: torch.Generator) -> Iterator[Tensor]:
    while True:
        if shuffle == "replacement":
            yield torch.randint(examples, (size,), generator=generator)
        else:
            order = torch.randperm(examples, generator=generator)
            yield from order[: examples - examples % size].split(size)
