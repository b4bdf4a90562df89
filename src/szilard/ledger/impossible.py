"""Outcomes of probability 0, as of masked classes: φ is infinite, and ``0·ln 0 = 0`` in every sum.

In sums their φ stands as a number that nothing else comes near, so that two models that both exclude an outcome differ
in it by 0, and what a single one excludes makes the divergence larger than any other: that is ∞.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

IMPOSSIBLE = 1e150
"""φ of an outcome of probability 0, in nats: its square is a number, and its exponential is 0."""
_FINITE = 1e40
"""Beyond all divergences of models that exclude the same: φ of float32 logits is below."""


def summable(phi: Float[Tensor, "*shape outcomes"]) -> Float[Tensor, "*shape outcomes"]:
    """φ as sums take it, where it lies.

    Example:
        >>> summable(torch.tensor([0.0, math.inf], dtype=torch.float64)).tolist()
        [0.0, 1e+150]
    """
    return phi.clamp_(max=IMPOSSIBLE)


def divergent(quantity: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """A sum over outcomes, infinite where an outcome was possible for one model only.

    Example:
        >>> divergent(torch.tensor([0.3, -2e149], dtype=torch.float64)).tolist()
        [0.3, -inf]
    """
    return torch.where(quantity.abs() > _FINITE, quantity * math.inf, quantity)
