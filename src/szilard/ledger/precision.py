"""The precision floor: the spurious work that rounding of the forward pass adds to each step."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

Outcomes = Float[Tensor, "*members inputs outcomes"]


def spurious_work(logits: Outcomes, precision: float) -> Float[Tensor, "*members inputs"]:
    """``½ ε² Σ_y p (1 − p) z²`` nats per step and input: what independent rounding of the logits would cost.

    An estimate from above: rounding acts on the logits z as the network gives them, a shift common to all outcomes
    costs nothing, and models that follow closely upon one another round alike and cost less.

    Args:
        logits: z of every outcome, as the network gives them.
        precision: ε, the relative rounding unit of the forward pass (``torch.finfo(dtype).eps``; 2⁻¹⁰ for TF32).

    Evaluating φ in float64 from rounded logits does not lower it; only a finer forward pass does.
    """
    z = logits.to(torch.float64)
    return spurious_work_of(torch.softmax(z, -1), z, precision)


def spurious_work_of(p: Outcomes, logits: Outcomes, precision: float) -> Float[Tensor, "*members inputs"]:
    """:func:`spurious_work` where the probabilities are already known."""
    return 0.5 * precision**2 * (p * (1 - p) * logits.square()).sum(-1)
