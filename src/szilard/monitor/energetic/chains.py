"""Chains that lag, and the states of the first model in which they and the reference begin.

Chains that lag: X relaxes for τ sampler steps at each record and no longer (paper §3.3).

States of the first model, in which chains and reference begin: exact ones, or relaxed for so long.
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.errors import ModelError, SzilardWarning
from szilard.models.ppm import Energetic
from szilard.monitor.energetic.checks import chain_starts, check_energy, check_sampler
from szilard.monitor.energetic.settings import EnergeticSettings

Chain = Float[Tensor, " chains"]


@final
@dataclass(frozen=True, slots=True)
class Chains:
    """Independent chains, what was done on each since the first record, in nats, and where they are.

    They never train θ and are never resampled, so that Jarzynski's equality holds for them. On every chain
    ``work + heat`` is the change of its energy.

    Attributes:
        x: states.
        energy: ``E_t(x_t)``.
        work: ``Σ_t E_t(x_{t−1}) − E_{t−1}(x_{t−1})``.
        heat: ``Σ_t E_t(x_t) − E_t(x_{t−1})``.
        shadow: work of the kernel itself, 0 where it leaves ``e^{−E}`` invariant.
        acceptance: in the last relaxation.
        moved: share of chains that the last relaxation moved.
    """

    x: Tensor
    energy: Chain
    work: Chain
    heat: Chain
    shadow: Chain
    acceptance: Chain
    moved: Float[Tensor, ""]

    @classmethod
    def of(cls, ppm: Energetic, x: Tensor) -> Chains:
        """Chains at these states, on which no work has been done and which have taken up no heat."""
        energy = ppm.energy(x)
        nothing = torch.zeros_like(energy)
        return cls(x, energy, nothing, nothing, nothing, torch.ones_like(energy), torch.ones_like(energy[0]))

    def step(
        self, ppm: Energetic, stops: Sequence[int], generator: torch.Generator
    ) -> tuple[Chains, Float[Tensor, "stops chains"]]:
        """To the present θ, and energies on the way.

        Args:
            ppm: the model as it stands.
            stops: sampler steps after which to look, rising, from 0 (before any) to τ.
            generator: of the relaxation.
        """
        energy = ppm.energy(self.x)
        after, seen = self._with(work=self.work + energy - self.energy, energy=energy).relaxed(ppm, stops, generator)
        moved = (after.x != self.x).reshape(len(energy), -1).any(-1).double().mean()
        return replace(after, moved=moved), seen

    def relaxed(
        self, ppm: Energetic, stops: Sequence[int], generator: torch.Generator
    ) -> tuple[Chains, Float[Tensor, "stops chains"]]:
        """Under one θ, from the first stop to the last."""
        x, energy, shadow, accepted = self.x, self.energy, self.shadow, torch.zeros_like(self.energy)
        seen = [energy]
        for start, end in itertools.pairwise(stops):
            relaxation = ppm.relax(x, end - start, generator)
            x = relaxation.x.detach()
            energy = ppm.energy(x)
            shadow = shadow + relaxation.shadow_work.to(energy.dtype)
            accepted = accepted + relaxation.acceptance.to(energy.dtype) * (end - start)
            seen.append(energy)
        heat = self.heat + energy - self.energy
        acceptance = accepted / max(stops[-1] - stops[0], 1)
        return replace(self, x=x, energy=energy, heat=heat, shadow=shadow, acceptance=acceptance), torch.stack(seen)

    def _with(self, work: Chain, energy: Chain) -> Chains:
        return replace(self, work=work, energy=energy)


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
