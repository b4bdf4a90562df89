"""Work that changing the parameters does on X, ``W = Σ_t ⟨φ_t − φ_{t−1}⟩_{p_{t−1}} = Σ_t KL(p_{t−1}‖p_t)`` (Eq. 38)."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.estimate import Estimate, Kind
from szilard.ledger.jump import Jump


def work_per_input(
    phi_before: Float[Tensor, "*members inputs outcomes"], phi_after: Float[Tensor, "*members inputs outcomes"]
) -> Float[Tensor, "*members inputs"]:
    """Work of one step per input by exact sum, in nats: ``Σ_y p_{t−1} (d + e^{−d} − 1)``, ``d = φ_t − φ_{t−1}``.

    Equal to ``Σ_y p_{t−1} d = KL(p_{t−1}‖p_t)`` for normalised φ, with terms of second order in d throughout.
    Swapping the arguments gives the work of the reversed step, ``KL(p_t‖p_{t−1})`` (record ``work_reverse``).
    """
    return work_of(Jump(phi_before, phi_after))


def work_of(jump: Jump) -> Float[Tensor, "*members inputs"]:
    """:func:`work_per_input` of a jump whose exponentials other sums share."""
    return (jump.p_before * jump.d + jump.gain).sum(-1)


def work_reverse_of(jump: Jump) -> Float[Tensor, "*members inputs"]:
    """``KL(p_t‖p_{t−1})`` per input, ``Σ_y p_t (e^{d} − 1 − d) = −Σ_y [p_t d + (p_t − p_{t−1})]``, in nats."""
    return -(jump.p_after * jump.d + jump.gain).sum(-1)


def work_sampled(
    phi_before: Float[Tensor, "*members samples"], phi_after: Float[Tensor, "*members samples"]
) -> Estimate:
    """Work of one step from samples ``x ~ p_{t−1}``: the mean of ``d + e^{−d} − 1`` ("k3"), unbiased, each term ≥ 0.

    ``e^{−d} − 1`` has mean zero (integral fluctuation theorem) and cancels the first-order noise of ``d``.

    Args:
        phi_before: φ_{t−1} at the samples, nats.
        phi_after: φ_t at the same samples, nats.
    """
    d = phi_after - phi_before
    terms = d + torch.expm1(-d)
    count = terms.shape[-1]
    return Estimate(terms.mean(-1), terms.std(-1) / math.sqrt(count), Kind.UNBIASED, count - 1)
