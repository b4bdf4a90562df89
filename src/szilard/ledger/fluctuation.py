"""The per-step integral fluctuation theorem, ``⟨e^{−d_t}⟩_{p_{t−1}} = 1`` with ``d_t = φ_t − φ_{t−1}``.

It fails when φ is not normalised, samples are stale or supports differ; it is tested per step because the average over
a whole path has hopeless tails.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.estimate import Estimate, Kind
from szilard.ledger.jump import LEAST_PROBABILITY, Jump


def fluctuation_per_input(
    phi_before: Float[Tensor, "*members inputs outcomes"],
    phi_after: Float[Tensor, "*members inputs outcomes"],
) -> Float[Tensor, "*members inputs"]:
    """``Σ_y p_{t−1} e^{−d}`` per input by exact sum, with ``p_{t−1}`` normalised: 1 for normalised φ."""
    return fluctuation_of(Jump(phi_before, phi_after))


def fluctuation_of(jump: Jump) -> Float[Tensor, "*members inputs"]:
    """:func:`fluctuation_per_input` of a jump: ``Σ_y e^{−φ_t} / Σ_y e^{−φ_{t−1}}``."""
    return jump.p_after.sum(-1) / jump.p_before.sum(-1)


def fluctuation_variance_of(jump: Jump) -> Float[Tensor, "*members inputs"]:
    """Variance of ``e^{−d}`` under ``p_{t−1}``, ``Σ_y (p_t − p_{t−1})²/p_{t−1}`` (the χ² divergence), by exact sum.

    ``e^{−d}`` has a heavy right tail: the scatter within a sample misses it and feigns a small error.
    """
    return (jump.gain.square() / jump.p_before.clamp(min=LEAST_PROBABILITY)).sum(-1)


def fluctuation_sampled(
    phi_before: Float[Tensor, "*members samples"], phi_after: Float[Tensor, "*members samples"]
) -> Estimate:
    """The mean of ``e^{−d}`` over samples ``x ~ p_{t−1}``, unbiased; 1 when the samples are fresh and φ normalised."""
    excess = torch.expm1(phi_before - phi_after)
    count = excess.shape[-1]
    return Estimate(1 + excess.mean(-1), excess.std(-1) / math.sqrt(count), Kind.UNBIASED, count - 1)
