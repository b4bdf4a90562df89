"""Reuse along a whole run: per-slot terms of one step from samples ``x_i ~ p_s`` with weights ``w = p_{t−1}/p_s``.

A *slot* is a place in the set of samples. When the set is renewed, slot i goes on with a fresh, independent sample, so
that sums along the run stay independent between slots: the spread of a slot's sum over ``√slots`` is the standard
error, whatever correlates within a segment. All functions take float64 φ in nats, the last dimension slots.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.ledger.length import angle_of, angle_slope
from szilard.ledger.slot_sum import SlotSum

Slots = Float[Tensor, "*shape slots"]


def slot_work(weight: Slots, d: Slots, balance: float | Tensor = 1.0) -> Slots:
    """Work of one step, ``w (d + e^{−d} − 1)``: unbiased, for normalised φ.

    Args:
        weight: ``w = p_{t−1}(x)/p_s(x)``.
        d: ``φ_t − φ_{t−1}``.
        balance: 0 leaves ``e^{−d} − 1`` out: its mean is zero, and it removes the noise of d where d is small and adds
            some where it is large. Choose it by other samples.
    """
    return weight * (d + balance * torch.expm1(-d))


def slot_work_reverse(weight: Slots, d: Slots) -> Slots:
    """Work of the reversed step, ``KL(p_t‖p_{t−1})``: ``w e^{−d} (e^{d} − 1 − d)``, formed without cancellation."""
    return -weight * (d * torch.exp(-d) + torch.expm1(-d))


def slot_fluctuation(weight: Slots, d: Slots) -> Slots:
    """``w e^{−d}``, whose mean is 1 for normalised φ."""
    return weight * torch.exp(-d)


def slot_excess(weight: Slots, d: Slots) -> Slots:
    """``w (e^{−d} − 1)``, whose mean is 0 for normalised φ: what a change of ln Z that was left out feigns as work."""
    return weight * torch.expm1(-d)


def slot_overlap_defect(weight: Slots, d: Slots) -> Slots:
    """``½ w (1 − e^{−d/2})²``, whose mean is one minus the overlap of ``p_{t−1}`` and ``p_t``."""
    return 0.5 * weight * torch.expm1(-0.5 * d).square()


def slot_length(weight: Slots, d: Slots) -> SlotSum:
    """Length of one step in nat^½; see :func:`length_of_defects`."""
    return length_of_defects(slot_overlap_defect(weight, d))


def length_of_defects(defect: Slots) -> SlotSum:
    """``2 arccos(1 − h)`` with h the mean of ``defect``, the bend of the arccosine taken back.

    See :func:`szilard.ledger.length_sampled`.
    """
    h = defect.mean(-1)
    slope = angle_slope(h)
    influence = slope.unsqueeze(-1) * (defect - h.unsqueeze(-1))
    variance = influence.var(-1) / defect.shape[-1]
    return SlotSum(angle_of(h) + 0.125 * (1 - h) * slope * variance, influence)


def slot_heat(weight: Slots, d: Slots, phi_after: Slots) -> SlotSum:
    """Heat of one step, ``w (e^{−d} − 1)(φ_t − c)`` with c the leave-one-out mean of φ_t: unbiased."""
    gain = weight * torch.expm1(-d)
    centred = phi_after - others(phi_after)
    return SlotSum((gain * centred).mean(-1), (gain - gain.mean(-1, keepdim=True)) * centred)


def slot_mean(weight: Slots, values: Slots) -> Slots:
    """The mean of ``values`` under ``p_t``, ``w f − c (w − 1)`` with ``w = p_t/p_s`` and c a leave-one-out mean.

    Unbiased; the second term takes away what the weights' own scatter adds.
    """
    return weight * values - others(values) * (weight - 1)


def others(values: Slots) -> Slots:
    """For each slot the mean over all the others, shaped as the values."""
    count = values.shape[-1]
    return (values.sum(-1, keepdim=True) - values) / (count - 1)
