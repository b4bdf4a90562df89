"""Heat absorbed by X as it relaxes under fixed parameters, ``Q = Σ_t ⟨φ_t⟩_{p_t} − ⟨φ_t⟩_{p_{t−1}}`` (Eqs. 23, 39)."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.estimate import Estimate, Kind
from szilard.ledger.jump import Jump


def heat_per_input(
    phi_before: Float[Tensor, "*members inputs outcomes"],
    phi_after: Float[Tensor, "*members inputs outcomes"],
) -> Float[Tensor, "*members inputs"]:
    """Heat of one step per input by exact sum, in nats, positive when X absorbs it: ``Σ_y (p_t − p_{t−1}) φ_t``.

    ``p_t − p_{t−1} = p_{t−1}(e^{−d} − 1)`` is formed without cancellation.
    """
    return heat_of(Jump(phi_before, phi_after))


def heat_of(jump: Jump) -> Float[Tensor, "*members inputs"]:
    """:func:`heat_per_input` of a jump whose exponentials other sums share."""
    return (jump.gain * jump.phi_after).sum(-1)


def heat_sampled(
    phi_before: Float[Tensor, "*members samples"], phi_after: Float[Tensor, "*members samples"]
) -> Estimate:
    """Heat of one step from samples ``x ~ p_{t−1}`` alone: the mean of ``(e^{−d} − 1)(φ_t − c)``, unbiased.

    ``c`` is the mean of φ_t over the *other* samples, so it is independent of the term it is taken from; a mean of φ_t
    that included the sample itself would bias by 1/N.

    Args:
        phi_before: φ_{t−1} at the samples, nats; at least two samples.
        phi_after: φ_t at the same samples, nats.

    Raises:
        ValueError: with a single sample, which leaves no others to take the mean of.
    """
    count = phi_after.shape[-1]
    if count < 2:
        raise ValueError("the leave-one-out heat needs at least 2 samples: draw more.")
    gain = torch.expm1(phi_before - phi_after)
    # φ_i − mean of the others = (φ_i − mean of all)·N/(N−1)
    centred = (phi_after - phi_after.mean(-1, keepdim=True)) * (count / (count - 1))
    value = (gain * centred).mean(-1)
    influence = (gain - gain.mean(-1, keepdim=True)) * centred
    return Estimate(value, influence.std(-1) / math.sqrt(count), Kind.UNBIASED, count - 1)
