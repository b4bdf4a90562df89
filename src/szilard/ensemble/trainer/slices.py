"""How many inputs are evaluated at once: as many as keep what the networks make of them within bounds."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from szilard.ensemble.trainer.first_member import activation_bytes
from szilard.ensemble.trainer.stack import ModelStack

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
