"""Energy ``U = ⟨φ⟩_p`` (Eqs. 38-39) and conditional entropy ``S = ⟨−ln p⟩_p`` (Eq. 25); equal if φ is normalised."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.estimate import Estimate, Kind


def energy_per_input(phi: Float[Tensor, "*members inputs outcomes"]) -> Float[Tensor, "*members inputs"]:
    """Mean energy per input by exact sum, ``U = Σ_y e^{−φ} φ``, in nats; takes φ as it is given."""
    return (torch.exp(-phi) * phi).sum(-1)


def entropy_per_input(phi: Float[Tensor, "*members inputs outcomes"]) -> Float[Tensor, "*members inputs"]:
    """Conditional entropy per input by exact sum, ``S = −Σ_y p ln p``, in nats.

    p is normalised here, whatever φ's normalisation, so that ``S = U`` tests the latter.
    """
    log_p = torch.log_softmax(-phi, -1)
    return -(torch.exp(log_p) * log_p).sum(-1)


def entropy_sampled(phi: Float[Tensor, "*members samples"]) -> Estimate:
    """Conditional entropy from fresh samples ``x ~ p_t``: the mean of φ_t, unbiased (φ normalised)."""
    count = phi.shape[-1]
    return Estimate(phi.mean(-1), phi.std(-1) / math.sqrt(count), Kind.UNBIASED, count - 1)
