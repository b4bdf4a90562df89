"""What scouts say: whether a set of samples is spent, and whether a jump is far. They measure nothing else.

Deciding by the very samples that measure would bias (theory §7).
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

_FAR = 0.7
"""Effective share below which a jump counts as far."""


def effective_share(log_weight: Float[Tensor, " scouts"]) -> Float[Tensor, ""]:
    """``(Σ w)²/(N Σ w²)`` of N weights given by their logarithms, from 1/N to 1."""
    share = torch.exp(2 * torch.logsumexp(log_weight, -1) - torch.logsumexp(2 * log_weight, -1))
    return share / log_weight.shape[-1]


def balance_of(weight: Float[Tensor, " scouts"], d: Float[Tensor, " scouts"]) -> Float[Tensor, ""]:
    """1 where ``e^{−d} − 1`` takes noise away from d, 0 where the jump is so far that it would add some.

    Decided by the effective share of samples of the earlier model as samples of the later one.
    """
    gain = torch.exp(-d)
    moved = weight * gain
    share = moved.sum().square() / (weight.sum() * (moved * gain).sum())
    return (share > _FAR).to(torch.float64)


def same(phi: Float[Tensor, "*shape"], kept: Float[Tensor, "*shape"]) -> bool:
    """Whether two evaluations are of one model: on a GPU sums may run in another order the second time."""
    return torch.allclose(phi, kept, rtol=1e-5, atol=1e-5)
