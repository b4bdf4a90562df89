"""Reuse: a segment of steps from one set of samples, by importance weights ``w_t = p_{t−1}(x)/p_s(x)``.

Samples are drawn once, at the segment's start s; refreshes then scale with path length, not with steps. In a segment
the same samples serve every step, so the error is that of the per-sample *sum* over the segment. Segments with
samples of their own are independent: add them with :func:`szilard.ledger.total`. Choose the segment's length on a fixed
schedule or on an independent half of the samples: deciding on the very samples biases.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.estimate import Estimate, Kind


def _weights_and_changes(phi_path: Tensor) -> tuple[Tensor, Tensor]:
    if phi_path.shape[-2] < 2 or phi_path.shape[-1] < 2:
        raise ValueError(
            f"a segment needs at least 2 points and 2 samples, not {tuple(phi_path.shape[-2:])}: "
            "give φ shaped (*members, points, samples)."
        )
    weights = torch.exp(phi_path[..., :1, :] - phi_path[..., :-1, :])
    return weights, phi_path.diff(dim=-2)


def _over_samples(per_sample: Tensor) -> Estimate:
    count = per_sample.shape[-1]
    return Estimate(per_sample.mean(-1), per_sample.std(-1) / math.sqrt(count), Kind.UNBIASED, count - 1)


def work_reused(phi_path: Float[Tensor, "*members points samples"]) -> Estimate:
    """Work of a whole segment in nats: ``Σ_t mean w_t (d_t + e^{−d_t} − 1)`` over samples ``x ~ p_s``, unbiased.

    Args:
        phi_path: φ_s, φ_{s+1}, … at the samples, along the segment.

    Raises:
        ValueError: with fewer than two points or samples.
    """
    weights, d = _weights_and_changes(phi_path)
    return _over_samples((weights * (d + torch.expm1(-d))).sum(-2))


def heat_reused(phi_path: Float[Tensor, "*members points samples"]) -> Estimate:
    """Heat of a segment in nats, unbiased: ``Σ_t mean w_t (e^{−d_t} − 1)(φ_t − c_t)``, c_t the leave-one-out mean.

    Args:
        phi_path: φ_s, φ_{s+1}, … at samples ``x ~ p_s``, along the segment.

    Raises:
        ValueError: with fewer than two points or samples.
    """
    weights, d = _weights_and_changes(phi_path)
    after = phi_path[..., 1:, :]
    count = after.shape[-1]
    gain = weights * torch.expm1(-d)
    centred = (after - after.mean(-1, keepdim=True)) * (count / (count - 1))
    value = (gain * centred).sum(-2).mean(-1)
    influence = ((gain - gain.mean(-1, keepdim=True)) * centred).sum(-2)
    return Estimate(value, influence.std(-1) / math.sqrt(count), Kind.UNBIASED, count - 1)


def fluctuation_reused(phi_path: Float[Tensor, "*members points samples"]) -> Estimate:
    """The check ``mean w_t e^{−d_t} = 1``, averaged over the segment's steps, unbiased.

    Args:
        phi_path: φ_s, φ_{s+1}, … at samples ``x ~ p_s``, along the segment.

    Raises:
        ValueError: with fewer than two points or samples.
    """
    weights, d = _weights_and_changes(phi_path)
    return _over_samples((weights * torch.exp(-d)).mean(-2))


def effective_sample_size(
    phi_source: Float[Tensor, "*members samples"], phi_now: Float[Tensor, "*members samples"]
) -> Float[Tensor, "*members"]:
    """Kish's effective sample size ``(Σw)²/Σw²`` of samples from ``p_s`` used for ``p_now``; refresh below N/2."""
    log_weights = phi_source - phi_now
    return torch.exp(2 * torch.logsumexp(log_weights, -1) - torch.logsumexp(2 * log_weights, -1))
