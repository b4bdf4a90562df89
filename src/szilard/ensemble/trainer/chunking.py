"""How much is done at once: members that train side by side, and inputs that are evaluated together."""

from __future__ import annotations

import math
from typing import final

import torch
from torch import Tensor

from szilard.ensemble.trainer.stack import ModelStack, activation_bytes

_CACHE = 8 << 20
"""Bytes of weights and batches that one CPU thread keeps near it."""

_SMALL = 16 << 20
"""What more it pays to hold at |b| = 1, divided by |b|: there, calling costs more than memory."""

_DEVICE_SHARE = 8
"""On another device a chunk may take one part in so many of its free memory, for gradients and copies need room too."""

_MOST = 512
_MOST_ON_DEVICE = 32_768


def suggested_chunk(
    parameter_bytes: int,
    batch_size: int,
    *,
    example_bytes: int = 0,
    members: int | None = None,
    workers: int = 1,
    device: str | torch.device = "cpu",
) -> int:
    """Members for one trainer, from 1 up.

    On a CPU the fastest is one Python thread a core, each with a trainer of its own and ``torch.set_num_threads(1)``:
    there is nothing to wait for within an operation, and every core keeps its chunk's weights in its own cache.

    Args:
        parameter_bytes: of one member's parameters, and of the optimiser's state.
        batch_size: examples in a step.
        example_bytes: of one input and what the network makes of it.
        members: how many there are in all; chunks are then no larger than it takes to be done in the fewest rounds of
            ``workers`` chunks.
        workers: threads, processes or machines that share them.
        device: where they train.

    Example:
        >>> suggested_chunk(955_240, 1, members=50, workers=2), suggested_chunk(955_240, 100, members=50, workers=2)
        (25, 7)
    """
    place = torch.device(device)
    each = max(1, parameter_bytes + batch_size * example_bytes)
    if place.type == "cuda":
        room, most = torch.cuda.mem_get_info(place)[0] // _DEVICE_SHARE, _MOST_ON_DEVICE
    else:
        room, most = _CACHE + _SMALL // batch_size, _MOST
    most = max(1, min(most, room // each))
    if members is None:
        return most
    rounds = math.ceil(members / (most * workers))
    return math.ceil(members / (rounds * workers))


_ROOM = 64 << 20
"""Bytes that the activations of all members may take; where the members' parameters take more, as much as they."""


@final
class EvaluationSlices:
    """Cuts inputs into slices of nearly equal lengths.

    A length depends on the model, the number of members and the shape of an input, not on the values or on what was
    evaluated before, so that a run that is taken up again is evaluated in the same slices.

    Args:
        stack: the members.
        room: bytes for activations, at the least.
    """

    def __init__(self, stack: ModelStack, room: int = _ROOM) -> None:
        self._stack = stack
        self._members = len(stack.models)
        self._room = max(room, sum(value.nbytes for value in stack.parameters.values()))
        self._lengths: dict[tuple[torch.Size, torch.dtype], int] = {}

    def of(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """The inputs, cut along their first dimension into slices that fit."""
        if len(inputs) < 2:
            return (inputs,)
        return torch.tensor_split(inputs, -(-len(inputs) // self.length(inputs)))

    def length(self, inputs: Tensor) -> int:
        """Most inputs in a slice, from 1 up, for inputs of this shape and type."""
        key = (inputs.shape[1:], inputs.dtype)
        if key not in self._lengths:
            # Two, for some models take a batch of one for an input without a batch.
            few = inputs[:2].to(next(iter(self._stack.parameters.values())).device)
            each = self._members * activation_bytes(self._stack, few) / len(few)
            self._lengths[key] = max(1, int(self._room / each))
        return self._lengths[key]
