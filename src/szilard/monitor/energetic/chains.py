"""Chains that lag: X relaxes for τ sampler steps at each record and no longer (paper §3.3)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.models.ppm import Energetic

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
