"""Statistical length ``L = Σ_t 2 arccos ∫√(p_{t−1} p_t)`` in nat^½."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.estimate import Estimate, Kind
from szilard.ledger.jump import Jump


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
