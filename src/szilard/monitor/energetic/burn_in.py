"""States of the first model, in which chains and reference begin: exact ones, or relaxed for so long."""

from __future__ import annotations

import math
import warnings

import torch
from torch import Tensor

from szilard.errors import ModelError, SzilardWarning
from szilard.models.ppm import Energetic
from szilard.monitor.energetic.checks import chain_starts, check_energy, check_sampler
from szilard.monitor.energetic.settings import EnergeticSettings

_TRIED = 64
"""Chains on which the sampler is tried."""
_DRIFT = 5.0
"""Errors by which the mean energy may still move over the second half of the burn-in."""


def starts_exactly(ppm: Energetic) -> bool:
    """Whether the model's ``start`` gives exact samples, as ``ppm.starts_exactly`` says."""
    return bool(getattr(ppm, "starts_exactly", False))


def burnt_in(
    ppm: Energetic, settings: EnergeticSettings, generator: torch.Generator, seed: int
) -> tuple[Tensor, float]:
    """States of the first model, and how far their mean energy drifted in the end, over its standard error.

    Args:
        ppm: the model; what must hold of its energy and sampler is checked.
        settings: numbers of chains and particles, and sampler steps of the burn-in.
        generator: of the states.
        seed: of the check of the sampler.

    Raises:
        ModelError: if energy or sampler are not what they must be, or chains diverge.

    Warns:
        SzilardWarning: where energies still drift at the end.
    """
    x = chain_starts(ppm, settings.chains + settings.islands * settings.particles, generator)
    check_energy(ppm, x)
    check_sampler(ppm, x[:_TRIED].clone(), settings.sampler_steps, seed)
    if starts_exactly(ppm) or settings.burn_in == 0:
        return x, 0.0
    half = ppm.relax(x, settings.burn_in - settings.burn_in // 2, generator).x.detach()
    x = ppm.relax(half, settings.burn_in // 2, generator).x.detach() if settings.burn_in > 1 else half
    drift = ppm.energy(x) - ppm.energy(half)
    if not bool(torch.isfinite(drift).all()):
        raise ModelError(
            f"chains diverge within a burn-in of {settings.burn_in} sampler steps: give the sampler a smaller step "
            "size, or an energy that grows far out."
        )
    spread = float(drift.std()) / math.sqrt(len(drift))
    errors = float(drift.mean()) / spread if spread > 0 else 0.0
    if abs(errors) > _DRIFT:
        warnings.warn(
            f"energies still drift at the end of the burn-in ({float(drift.mean()):.2g} nat over its second half, "
            f"{abs(errors):.0f} errors), so chains do not begin in equilibrium and free energies are "
            "off: raise burn_in, or give a start that is exact.",
            SzilardWarning,
            stacklevel=2,
        )
    return x, errors
