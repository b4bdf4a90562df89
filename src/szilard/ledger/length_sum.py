"""A length summed over steps, with an error bar although it is no mean over inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.ledger.length import angle_of, angle_slope
from szilard.ledger.running import running_sum


@final
@dataclass(frozen=True, slots=True)
class LengthSum:
    """A length in nat^½ and each probe input's influence on it.

    A step's angle is a function of the mean overlap defect ``h̄``; by the delta method input i moves it by
    ``angle'(h̄)(h_i − h̄)``. Influences add up over steps, because the inputs are shared between them; their standard
    deviation over ``√inputs`` is the standard error. Leading dimensions are jumps, records or intervals.
    """

    value: Float[Tensor, "*jumps"]
    influence: Float[Tensor, "*jumps inputs"]

    @classmethod
    def joint(cls, h: Float[Tensor, "*jumps inputs"]) -> LengthSum:
        """The sum of jumps whose overlap is averaged over inputs before the arccosine, nat^½."""
        mean = h.mean(-1)
        influence = angle_slope(mean).unsqueeze(-1) * (h - mean.unsqueeze(-1))
        return cls(angle_of(mean), influence)

    @classmethod
    def root_mean_square(cls, angle: Float[Tensor, "*jumps inputs"]) -> LengthSum:
        """The sum over jumps of the root mean square over inputs of their own angles, nat^½."""
        square = angle.square()
        mean = square.mean(-1, keepdim=True)
        rms = mean.sqrt()
        # without any movement there is no influence: 0/tiny
        influence = (square - mean) / (2 * rms).clamp(min=torch.finfo(torch.float64).tiny)
        return cls(rms.squeeze(-1), influence)

    def __add__(self, other: LengthSum) -> LengthSum:
        return LengthSum(self.value + other.value, self.influence + other.influence)

    def along(self, start: LengthSum) -> LengthSum:
        """Running sums over the first dimension, on from ``start``."""
        return LengthSum(running_sum(start.value, self.value), running_sum(start.influence, self.influence))

    def __getitem__(self, rows: int | slice) -> LengthSum:
        return LengthSum(self.value[rows], self.influence[rows])

    @classmethod
    def zero(cls, *shape: int, device: torch.device) -> LengthSum:
        """A length to which no jump has been added; ``shape`` is (*members, inputs)."""
        influence = torch.zeros(shape, dtype=torch.float64, device=device)
        return cls(influence.sum(-1), influence)
