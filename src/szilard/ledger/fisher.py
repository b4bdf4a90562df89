"""The Fisher quadratic form ``W ≈ ½ E[(δθ·∇ ln p)²]``: work below the precision floor, where differences of φ drown."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


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
