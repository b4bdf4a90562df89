"""Work, heat and free energy of one step from energies ``E = φ − ln Z`` whose normalisation is unknown (theory §7).

With ``ΔE = E_t − E_{t−1}`` at samples of ``p_{t−1}``: ``ΔF = −ln⟨e^{−ΔE}⟩ = −Δ ln Z``, ``W = ⟨ΔE⟩ − ΔF`` and
``Q = Cov(e^{−ΔE}, E_t)/⟨e^{−ΔE}⟩``. All from the same samples, so that what is of first order in ΔE cancels in W and Q
before it can be noise. Jackknifed; kind ``asymptotic``. Samples may carry weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.estimate import Estimate
from szilard.ledger.totals import jackknife, weights_of

Samples = Float[Tensor, "*members samples"]

_FAR = 700.0
"""ΔE further below its mean counts as this far, or float64 would overflow."""
_LEAST = 2.0**-52
"""Of ``⟨e^{−ΔE}⟩ e^{⟨ΔE⟩}`` without one sample: below it a single sample holds all there is."""


@final
@dataclass(frozen=True, slots=True)
class EnergyStep:
    """One step of θ, in nats, from samples of the model before it.

    Attributes:
        work: ``W = ⟨ΔE⟩ − ΔF = KL(p_{t−1}‖p_t)``.
        heat: ``Q = ⟨E_t⟩_{p_t} − ⟨E_t⟩_{p_{t−1}}``.
        free_energy: ``ΔF = −ln(Z_t/Z_{t−1})``.
    """

    work: Estimate
    heat: Estimate
    free_energy: Estimate


def step_of_energies(energy_before: Samples, energy_after: Samples, weights: Samples | None = None) -> EnergyStep:
    """Work, heat and free energy of one step.

    Args:
        energy_before: ``E_{t−1}`` at samples ``x ~ p_{t−1}``, nats.
        energy_after: ``E_t`` at the same samples.
        weights: of the samples, where they are weighted; any scale.

    Raises:
        ValueError: with fewer than two samples, or weights of another shape.
    """
    change = energy_after - energy_before
    w = weights_of(change, weights)
    rest = 1 - w
    mean = (w * change).sum(-1)
    centred = change - mean.unsqueeze(-1)
    # e^{−d} − 1 of the centred change: W = ln(1 + ⟨gain⟩) is formed of what is left after first order has cancelled
    gain = torch.expm1(-centred.clamp(min=-_FAR))
    mean_gain = (w * gain).sum(-1)
    left_gain = ((mean_gain.unsqueeze(-1) - w * gain) / rest).clamp(min=_LEAST - 1)
    left_log = torch.log1p(left_gain)
    work = jackknife(torch.log1p(mean_gain), left_log - w * centred / rest)
    free_energy = jackknife(mean - torch.log1p(mean_gain), mean.unsqueeze(-1) - left_log)
    energy = energy_after - (w * energy_after).sum(-1, keepdim=True)
    product = w * gain * energy
    covariance = product.sum(-1)
    left_mean = -w * energy / rest
    left_covariance = (covariance.unsqueeze(-1) - product) / rest - left_gain * left_mean
    heat = jackknife(covariance / (1 + mean_gain), left_covariance / (1 + left_gain))
    return EnergyStep(work, heat, free_energy)


def work_of_energies(energy_before: Samples, energy_after: Samples, weights: Samples | None = None) -> Estimate:
    """``W = ⟨ΔE⟩ + ln⟨e^{−ΔE}⟩`` of one step, in nats, jackknifed; see :func:`step_of_energies`.

    Example:
        >>> x = torch.tensor([0.5, -1.0, 0.25, 2.0], dtype=torch.float64)
        >>> same_but_for_its_zero = work_of_energies(x**2 / 2, x**2 / 2 + 3.0)  # ΔF = 3, no work
        >>> abs(float(same_but_for_its_zero.value)) < 1e-12
        True
    """
    return step_of_energies(energy_before, energy_after, weights).work


def heat_of_energies(energy_before: Samples, energy_after: Samples, weights: Samples | None = None) -> Estimate:
    """``Q = Cov_{p_{t−1}}(e^{−ΔE}, E_t)/⟨e^{−ΔE}⟩`` of one step, in nats; see :func:`step_of_energies`. Needs no Z."""
    return step_of_energies(energy_before, energy_after, weights).heat
