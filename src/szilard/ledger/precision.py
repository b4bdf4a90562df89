"""The precision floor: the spurious work that rounding of the forward pass adds to each step."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def spurious_work(phi: Float[Tensor, "*members inputs outcomes"], precision: float) -> Float[Tensor, "*members inputs"]:
    """About ``½ ε² ⟨φ²⟩`` nats per step and input: what two equal models with rounded logits would seem to cost.

    Args:
        phi: φ of every outcome.
        precision: ε, the relative rounding unit of the forward pass (``torch.finfo(dtype).eps``; 2⁻¹⁰ for TF32).

    Evaluating φ in float64 from rounded logits does not lower it; only a finer forward pass does.
    """
    return spurious_work_of(torch.exp(-phi) * phi.square(), precision)


def spurious_work_of(
    weighted_square: Float[Tensor, "*members inputs outcomes"], precision: float
) -> Float[Tensor, "*members inputs"]:
    """:func:`spurious_work` from ``p φ²``, where that is already known."""
    return 0.5 * precision**2 * weighted_square.sum(-1)
