"""Free-energy difference by the exponential average, ``ΔF = −ln(Z_t/Z_s) = −ln⟨e^{−ΔE}⟩_{p_s}`` (Zwanzig 1954)."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.estimate import Estimate
from szilard.ledger.leave_one_out import jackknife, weights_of

Samples = Float[Tensor, "*members samples"]


def free_energy_of(change: Samples, weights: Samples | None = None) -> Estimate:
    """``ΔF = −ln⟨e^{−ΔE}⟩`` in nats, jackknifed; kind ``asymptotic``.

    With ΔE replaced by the work along a path this is Jarzynski's estimate of the whole path. It rests on the rare
    samples of the left tail: where their number is below a few (see :func:`szilard.ledger.effective_samples`), neither
    value nor error can be trusted, and :func:`szilard.ledger.bennett` with samples of both ends is far better.

    Args:
        change: ΔE (or work) at samples of the model before.
        weights: of the samples, where they are weighted; any scale.

    Raises:
        ValueError: with fewer than two samples, or weights of another shape.
    """
    w = weights_of(change, weights)
    least = change.min(-1, keepdim=True).values
    terms = w * torch.exp(least - change)
    total = terms.sum(-1)
    left = (total.unsqueeze(-1) - terms) / (1 - w)
    tiny = torch.finfo(change.dtype).tiny
    base = least.squeeze(-1)
    return jackknife(base - torch.log(total), least - torch.log(left.clamp(min=tiny)))


def effective_samples(log_weights: Samples) -> Float[Tensor, "*members"]:
    """How many equal weights would carry as much: ``(Σ w)²/Σ w²``, between 1 and the number of samples."""
    w = torch.softmax(log_weights, -1)
    return 1 / w.square().sum(-1)
