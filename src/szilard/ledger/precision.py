"""The precision floor: the spurious work that rounding of the forward pass adds to each step.

The Fisher quadratic form ``W ≈ ½ E[(δθ·∇ ln p)²]``: work below the precision floor, where differences of φ drown.
"""

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


def work_quadratic_per_input(
    phi: Float[Tensor, "*members inputs outcomes"], logit_tangent: Float[Tensor, "*members inputs outcomes"]
) -> Float[Tensor, "*members inputs"]:
    """Work of a small step per input to leading order, ``½ Σ_y p (δφ)²``, in nats; kind ``asymptotic``.

    Nothing is subtracted, so float32 tangents keep their seven digits however small the step. The relative error is of
    the order of ``|δφ|``.

    Args:
        phi: φ at the start of the step.
        logit_tangent: the change of the logits to first order along the update δθ (a JVP); any constant per input
            drops out. Multiply by −1 to give a tangent of φ: the sign does not matter.
    """
    p = torch.exp(-phi)
    centred = logit_tangent - (p * logit_tangent).sum(-1, keepdim=True)
    return 0.5 * (p * centred.square()).sum(-1)
