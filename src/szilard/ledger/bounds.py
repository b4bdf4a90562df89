"""Latent variables: φ between bounds, and work between bounds, by importance weighting (Burda et al. 2016).

A sample is ``x`` with K draws: one of the model's own posterior, the others from a proposal ``q_s(z|x)`` that is kept
as it was. On the space of x and all draws, with the proposals as base measure,

``φ^K_t(x; z) = −ln (1/K) Σ_k p_t(x,z_k)/q_s(z_k|x)``

is *normalised* for every t, and a joint sample ``(x, z*)`` of the model with K − 1 proposals beside it is an exact
sample of it. So its divergences bound those of x from above (data processing), tend to them as K grows, and obey the
fluctuation theorem exactly; K = 1 is the work on x and z together.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

Slots = Float[Tensor, "*shape slots"]


def phi_by_draws(log_ratio: Float[Tensor, "slots draws"], numbers: tuple[int, ...]) -> Float[Tensor, "numbers slots"]:
    """``φ^k`` of the first k draws, for each k of ``numbers``, in nats.

    Args:
        log_ratio: ``ln p(x,z_k) − ln q(z_k|x)``.
        numbers: how many draws.
    """
    running = torch.logcumsumexp(log_ratio, -1)
    k = torch.tensor(numbers, device=log_ratio.device)
    return torch.log(k.to(log_ratio.dtype)).unsqueeze(-1) - running[:, k - 1].T


def slot_work_lower(weight: Slots, d: Slots, guess: Slots, balance: float | Tensor = 1.0) -> Slots:
    """Work of a step from below, ``w [f − (e^{f−d} − 1) + (e^{−d} − 1)]``, in nats.

    This is the bound of Donsker and Varadhan, linearised: its mean is ``⟨f⟩_{t−1} − ⟨e^f⟩_t + 1 ≤ KL(p_{t−1}‖p_t)``
    for any function f of x and of draws that are independent of those in d, tight where f is the true change of φ. The
    last term has mean zero and takes the first-order noise away: what is left is ``f d − ½ f²``.

    Args:
        weight: ``w``, on the space of x and all draws.
        d: change of ``φ^K``, at draws that hold the sample's own.
        guess: f, the change of φ as independent draws see it.
        balance: see :func:`szilard.ledger.slots.slot_work`.
    """
    return weight * (guess - torch.expm1(guess - d) + balance * torch.expm1(-d))


def guess_scale(weight: Slots, d: Slots, guess: Slots) -> Float[Tensor, "*shape"]:
    """By what a guess is best multiplied, ``⟨w f d⟩/⟨w f²⟩`` between 0 and 1: less where it is mostly noise.

    From samples that do not measure; any number keeps the bound a bound.
    """
    square = (weight * guess.square()).sum(-1).clamp(min=torch.finfo(d.dtype).tiny)
    return ((weight * guess * d).sum(-1) / square).clamp(0, 1)
