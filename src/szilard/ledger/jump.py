"""One step of the path, from φ_{t−1} to φ_t: its work, heat, entropy and fluctuations, by exact sum and from samples.

Exact sums share a :class:`Jump`, so that each exponential is taken once.

Work that changing the parameters does on X, ``W = Σ_t ⟨φ_t − φ_{t−1}⟩_{p_{t−1}} = Σ_t KL(p_{t−1}‖p_t)`` (Eq. 38).

Heat absorbed by X as it relaxes under fixed parameters, ``Q = Σ_t ⟨φ_t⟩_{p_t} − ⟨φ_t⟩_{p_{t−1}}`` (Eqs. 23, 39).

Energy ``U = ⟨φ⟩_p`` (Eqs. 38-39) and conditional entropy ``S = ⟨−ln p⟩_p`` (Eq. 25); equal if φ is normalised.

The per-step integral fluctuation theorem, ``⟨e^{−d_t}⟩_{p_{t−1}} = 1`` with ``d_t = φ_t − φ_{t−1}``.

It fails when φ is not normalised, samples are stale or supports differ; it is tested per step because the average over
a whole path has hopeless tails.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.estimate import Estimate, Kind

Samples = Float[Tensor, "*members samples"]
PerInput = Float[Tensor, "*members inputs"]

Phi = Float[Tensor, "*members inputs outcomes"]

_FAR = 700.0
LEAST_PROBABILITY = math.exp(-_FAR)


@final
class Jump:
    """Two models on the same outcomes; the quantities below are formed without cancellation, however close they are.

    Args:
        phi_before: φ_{t−1} of every outcome, nats, float64.
        phi_after: φ_t of every outcome; the shapes may broadcast over members.
        p_before, p_after: their exponentials ``e^{−φ}``, where these are already known.
    """

    def __init__(
        self, phi_before: Phi, phi_after: Phi, p_before: Phi | None = None, p_after: Phi | None = None
    ) -> None:
        self.phi_before = phi_before
        self.phi_after = phi_after
        self.p_before = torch.exp(-phi_before) if p_before is None else p_before
        """``p_{t−1} = e^{−φ_{t−1}}``, as normalised as φ is."""
        self.p_after = torch.exp(-phi_after) if p_after is None else p_after
        """``p_t = e^{−φ_t}``."""

    @cached_property
    def d(self) -> Phi:
        """``d = φ_t − φ_{t−1}`` of every outcome, nats."""
        return self.phi_after - self.phi_before

    @cached_property
    def gain(self) -> Phi:
        """``p_t − p_{t−1} = p_{t−1} E(E + 2)`` with ``E = e^{−d/2} − 1``, to full relative precision."""
        return self._root_share * (self._root_growth + 2)

    @cached_property
    def root_gain_squared(self) -> Phi:
        """``(√p_t − √p_{t−1})² = p_{t−1} E²`` of every outcome: its sum is twice one minus the overlap."""
        return self._root_share * self._root_growth

    @cached_property
    def _root_growth(self) -> Phi:
        """``E``, by which share √p grows; φ beyond 700 nat counts as 700, so that neither p nor 1/p leaves float64."""
        return torch.expm1(0.5 * (self.phi_before.clamp(max=_FAR) - self.phi_after.clamp(max=_FAR)))

    @cached_property
    def _root_share(self) -> Phi:
        return self.p_before.clamp(min=LEAST_PROBABILITY) * self._root_growth


def work_per_input(phi_before: Phi, phi_after: Phi) -> PerInput:
    """Work of one step per input by exact sum, in nats: ``Σ_y p_{t−1} (d + e^{−d} − 1)``, ``d = φ_t − φ_{t−1}``.

    Equal to ``Σ_y p_{t−1} d = KL(p_{t−1}‖p_t)`` for normalised φ, with terms of second order in d throughout.
    Swapping the arguments gives the work of the reversed step, ``KL(p_t‖p_{t−1})`` (record ``work_reverse``).
    """
    return work_of(Jump(phi_before, phi_after))


def work_of(jump: Jump) -> PerInput:
    """:func:`work_per_input` of a jump whose exponentials other sums share."""
    return (jump.p_before * jump.d + jump.gain).sum(-1)


def work_reverse_of(jump: Jump) -> PerInput:
    """``KL(p_t‖p_{t−1})`` per input, ``Σ_y p_t (e^{d} − 1 − d) = −Σ_y [p_t d + (p_t − p_{t−1})]``, in nats."""
    return -(jump.p_after * jump.d + jump.gain).sum(-1)


def work_sampled(phi_before: Samples, phi_after: Samples) -> Estimate:
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


def heat_per_input(phi_before: Phi, phi_after: Phi) -> PerInput:
    """Heat of one step per input by exact sum, in nats, positive when X absorbs it: ``Σ_y (p_t − p_{t−1}) φ_t``.

    ``p_t − p_{t−1} = p_{t−1}(e^{−d} − 1)`` is formed without cancellation.
    """
    return heat_of(Jump(phi_before, phi_after))


def heat_of(jump: Jump) -> PerInput:
    """:func:`heat_per_input` of a jump whose exponentials other sums share."""
    return (jump.gain * jump.phi_after).sum(-1)


def heat_sampled(phi_before: Samples, phi_after: Samples) -> Estimate:
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


def energy_per_input(phi: Phi) -> PerInput:
    """Mean energy per input by exact sum, ``U = Σ_y e^{−φ} φ``, in nats; takes φ as it is given."""
    return (torch.exp(-phi) * phi).sum(-1)


def entropy_per_input(phi: Phi) -> PerInput:
    """Conditional entropy per input by exact sum, ``S = −Σ_y p ln p``, in nats.

    p is normalised here, whatever φ's normalisation, so that ``S = U`` tests the latter.
    """
    log_p = torch.log_softmax(-phi, -1)
    return -(torch.exp(log_p) * log_p).sum(-1)


def entropy_sampled(phi: Samples) -> Estimate:
    """Conditional entropy from fresh samples ``x ~ p_t``: the mean of φ_t, unbiased (φ normalised)."""
    count = phi.shape[-1]
    return Estimate(phi.mean(-1), phi.std(-1) / math.sqrt(count), Kind.UNBIASED, count - 1)


def fluctuation_per_input(phi_before: Phi, phi_after: Phi) -> PerInput:
    """``Σ_y p_{t−1} e^{−d}`` per input by exact sum, with ``p_{t−1}`` normalised: 1 for normalised φ."""
    return fluctuation_of(Jump(phi_before, phi_after))


def fluctuation_of(jump: Jump) -> PerInput:
    """:func:`fluctuation_per_input` of a jump: ``Σ_y e^{−φ_t} / Σ_y e^{−φ_{t−1}}``."""
    return jump.p_after.sum(-1) / jump.p_before.sum(-1)


def fluctuation_variance_of(jump: Jump) -> PerInput:
    """Variance of ``e^{−d}`` under ``p_{t−1}``, ``Σ_y (p_t − p_{t−1})²/p_{t−1}`` (the χ² divergence), by exact sum.

    ``e^{−d}`` has a heavy right tail: the scatter within a sample misses it and feigns a small error.
    """
    return (jump.gain.square() / jump.p_before.clamp(min=LEAST_PROBABILITY)).sum(-1)


def fluctuation_sampled(phi_before: Samples, phi_after: Samples) -> Estimate:
    """The mean of ``e^{−d}`` over samples ``x ~ p_{t−1}``, unbiased; 1 when the samples are fresh and φ normalised."""
    excess = torch.expm1(phi_before - phi_after)
    count = excess.shape[-1]
    return Estimate(1 + excess.mean(-1), excess.std(-1) / math.sqrt(count), Kind.UNBIASED, count - 1)
