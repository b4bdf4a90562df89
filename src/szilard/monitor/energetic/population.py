"""The reference: a weighted population that stays in equilibrium with θ while it moves, on independent islands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from szilard import ledger
from szilard.ledger.totals import mean_weighted
from szilard.models.evaluation import ModelState, held_at
from szilard.models.ppm import Energetic
from szilard.monitor.energetic.dynamics import Reciprocity
from szilard.samplers.annealing import systematic

_RESAMPLE_BELOW = 0.5
"""Share of its particles below which an island's worth makes it be resampled."""


@final
@dataclass(frozen=True, slots=True)
class PopulationStep:
    """What one step of θ showed, island by island, in nats.

    Attributes:
        work, heat, free_energy: of the step, jackknifed over the island's particles.
        energy: ``⟨E_t⟩_{p_t}``, after relaxing.
        fluctuation: ``⟨e^{−(ΔE−ΔF)}⟩`` over the particles before, with ΔF by particles of both ends.
        asymmetry: of pairs of states a relaxation apart, over its scale.
        effective: effective particles over particles, before any resampling.
        resampled: 1 where an island was resampled.
        memory: correlation of the particles before and after relaxing, of energy or of a linear function.
    """

    work: Float[Tensor, " islands"]
    heat: Float[Tensor, " islands"]
    free_energy: Float[Tensor, " islands"]
    energy: Float[Tensor, " islands"]
    fluctuation: Float[Tensor, " islands"]
    asymmetry: Float[Tensor, " islands"]
    effective: Float[Tensor, " islands"]
    resampled: Int[Tensor, " islands"]
    memory: Float[Tensor, ""]


@final
@dataclass(frozen=True, slots=True)
class Population:
    """Particles on islands, weighted so that each island stands for ``p_t``; never changed in place.

    Annealed sequential Monte Carlo along training (Neal 2001; Del Moral, Doucet & Jasra 2006): a step of θ multiplies
    weights by ``e^{−ΔE}``; an island worth fewer than half its particles is resampled; then all relax under the new θ.
    A kernel that does not leave ``e^{−E}`` invariant also multiplies them by ``e^{−shadow work}``.

    Attributes:
        x: states, islands × particles of them.
        log_weights: of each particle, up to a constant of its island.
        energy: of each particle under the θ of the last record.
        islands: how many.
    """

    x: Tensor
    log_weights: Float[Tensor, "islands particles"]
    energy: Float[Tensor, "islands particles"]
    islands: int

    @classmethod
    def of(cls, ppm: Energetic, x: Tensor, islands: int) -> Population:
        """A population of equal weights, whose states are dealt out to the islands in order."""
        energy = ppm.energy(x).reshape(islands, -1)
        return cls(x, torch.zeros_like(energy), energy, islands)

    def step(
        self,
        ppm: Energetic,
        before: ModelState,
        sampler_steps: int,
        reciprocity: Reciprocity,
        generator: torch.Generator,
    ) -> tuple[Population, PopulationStep]:
        """To the present θ.

        Args:
            ppm: the model as it stands.
            before: θ of the last record, for the energies of this record's states under it.
            sampler_steps: for which the population relaxes.
            reciprocity: the two functions of X whose correlation in time is held against its reversal.
            generator: of resampling and relaxing.
        """
        weights = torch.softmax(self.log_weights, -1)
        energy = ppm.energy(self.x).reshape(self.energy.shape)
        change = energy - self.energy
        found = ledger.step_of_energies(self.energy, energy, weights)
        reweighted, resampled = replace(
            self, log_weights=torch.log_softmax(self.log_weights - change, -1), energy=energy
        )._resampled(generator)
        effective = ledger.effective_samples(self.log_weights - change) / change.shape[-1]
        relaxed = reweighted._relaxed(ppm, sampler_steps, generator)
        with held_at(ppm.module, before):
            back = relaxed.energy - ppm.energy(relaxed.x).reshape(energy.shape)
        both = ledger.bennett(change, back, weights, torch.softmax(relaxed.log_weights, -1))
        fluctuation = torch.exp(both.value + torch.logsumexp(torch.log_softmax(self.log_weights, -1) - change, -1))
        asymmetry = reciprocity.asymmetry(reweighted.x, relaxed.x, torch.softmax(relaxed.log_weights, -1))
        return relaxed, PopulationStep(
            work=found.work.value,
            heat=found.heat.value,
            free_energy=found.free_energy.value,
            energy=relaxed.mean_energy(),
            fluctuation=fluctuation,
            asymmetry=asymmetry,
            effective=effective,
            resampled=resampled.long(),
            memory=reciprocity.memory(reweighted.x, reweighted.energy, relaxed.x, relaxed.energy, self.islands),
        )

    def mean_energy(self) -> Float[Tensor, " islands"]:
        """``⟨E⟩`` of each island in nats, jackknifed over its particles."""
        mean: Tensor = mean_weighted(self.energy, torch.softmax(self.log_weights, -1)).value
        return mean

    def _resampled(self, generator: torch.Generator) -> tuple[Population, Tensor]:
        """Where an island is worth less than half its particles; decided where the numbers lie."""
        count = self.log_weights.shape[-1]
        spent = ledger.effective_samples(self.log_weights) < _RESAMPLE_BELOW * count
        stay = torch.arange(count, device=spent.device).expand_as(self.log_weights)
        chosen = torch.where(spent.unsqueeze(-1), systematic(self.log_weights, generator), stay)
        first = torch.arange(self.islands, device=spent.device).unsqueeze(-1) * count
        equal = torch.where(spent.unsqueeze(-1), torch.zeros_like(self.log_weights), self.log_weights)
        moved = replace(
            self, x=self.x[(first + chosen).flatten()], log_weights=equal, energy=self.energy.gather(-1, chosen)
        )
        return moved, spent

    def _relaxed(self, ppm: Energetic, sampler_steps: int, generator: torch.Generator) -> Population:
        relaxation = ppm.relax(self.x, sampler_steps, generator)
        shadow = relaxation.shadow_work.to(self.energy.dtype).reshape(self.energy.shape)
        energy = ppm.energy(relaxation.x).reshape(self.energy.shape)
        return replace(self, x=relaxation.x.detach(), log_weights=self.log_weights - shadow, energy=energy)
