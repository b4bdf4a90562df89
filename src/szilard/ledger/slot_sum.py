"""A sum along a run with each slot's part in it: what gives a sum over correlated steps its error bar."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor


@final
@dataclass(frozen=True, slots=True)
class SlotSum:
    """A value and each slot's influence on it, added up over steps.

    The influences' standard deviation over ``√slots`` is the standard error. Leading dimensions pass through.
    """

    value: Float[Tensor, "*shape"]
    influence: Float[Tensor, "*shape slots"]

    @classmethod
    def mean(cls, terms: Float[Tensor, "*shape slots"]) -> SlotSum:
        """The sum of a quantity whose estimate is a plain mean over slots."""
        return cls(terms.mean(-1), terms)

    @classmethod
    def zero(cls, *shape: int, device: torch.device) -> SlotSum:
        """A sum to which nothing has been added; ``shape`` is (*members, slots)."""
        influence = torch.zeros(shape, dtype=torch.float64, device=device)
        return cls(influence.sum(-1), influence)

    @property
    def error(self) -> Float[Tensor, "*shape"]:
        """The standard error over slots, in the unit of the sum."""
        return self.influence.std(-1) / math.sqrt(self.influence.shape[-1])

    def __add__(self, other: SlotSum) -> SlotSum:
        return SlotSum(self.value + other.value, self.influence + other.influence)

    def __sub__(self, other: SlotSum) -> SlotSum:
        return SlotSum(self.value - other.value, self.influence - other.influence)

    def __mul__(self, factor: float) -> SlotSum:
        return SlotSum(self.value * factor, self.influence * factor)
