"""Statistical length ``L = Σ_t 2 arccos ∫√(p_{t−1} p_t)`` in nat^½.

A length summed over steps, with an error bar although it is no mean over inputs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.estimate import Estimate, Kind
from szilard.ledger.jump import Jump
from szilard.ledger.totals import running_sum


def hellinger_per_input(
    phi_before: Float[Tensor, "*members inputs outcomes"],
    phi_after: Float[Tensor, "*members inputs outcomes"],
) -> Float[Tensor, "*members inputs"]:
    """One minus the overlap: ``h = 1 − Σ_y √(p_{t−1} p_t) = ½ Σ_y (√p_t − √p_{t−1})²``, free of cancellation."""
    return hellinger_of(Jump(phi_before, phi_after))


def hellinger_of(jump: Jump) -> Float[Tensor, "*members inputs"]:
    """:func:`hellinger_per_input` of a jump whose exponentials other sums share."""
    return 0.5 * jump.root_gain_squared.sum(-1)


def angle_of(h: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """The length ``2 arccos(1 − h)`` of a step whose overlap is ``1 − h``, accurate however small ``h`` is."""
    return 4 * torch.arcsin(torch.sqrt(0.5 * h).clamp(max=1))


def angle_slope(h: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Derivative of :func:`angle_of`: how an input's share of ``h`` moves the length (0 where ``h`` is 0 or 2)."""
    product = h * (2 - h)
    return torch.where(product > 0, 2 / torch.sqrt(product), torch.zeros_like(h))


def length_sampled(
    phi_before: Float[Tensor, "*members samples"], phi_after: Float[Tensor, "*members samples"]
) -> Estimate:
    """Length of one step from samples ``x ~ p_{t−1}``: ``h`` is the mean of ``½(1 − e^{−d/2})²``; kind ``asymptotic``.

    Adding half of ``e^{−d} − 1``, whose mean is zero, to ``1 − e^{−d/2}`` completes the square and removes the
    first-order noise. The estimate of ``h`` is unbiased; the bend of the arccosine, ``−½ L″(h) Var h``, is taken back,
    which leaves a bias of order 1/N².
    """
    terms = 0.5 * torch.expm1(0.5 * (phi_before - phi_after)).square()
    count = terms.shape[-1]
    h = terms.mean(-1)
    slope = angle_slope(h)
    error = slope * terms.std(-1) / math.sqrt(count)
    # L″ = −(1 − h) L′³/4, and L′² Var h = error²
    bend = 0.125 * (1 - h) * slope * error.square()
    return Estimate(angle_of(h) + bend, error, Kind.ASYMPTOTIC, count - 1)


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
