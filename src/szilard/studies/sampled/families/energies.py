"""What the runs of all energies share: how they are trained by chains, and how ``ln Z`` is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from szilard.models import EnergyBased, RestrictedBoltzmann
from szilard.studies.sampled.families.chains import LEARNING, TrainingChains
from szilard.studies.sampled.spec import FamilySpec

BETWEEN = 200
"""Steps or sweeps of the sampler from one kept model to the next."""


@dataclass(frozen=True)
class EnergySpec(FamilySpec):
    """An energy that learns by chains of its own.

    Attributes:
        learning: where the negative samples come from: ``weighted``, ``persistent``, ``contrastive`` or ``fresh``.
        chains: that train, unless they begin at data; the ledger has others.
        sampler_steps: of a chain that trains, between two updates.
        lag_steps: τ, steps of the ledger's chains at each record.
        annealing: stages of the bridge for the last ``ln Z``, where it has no sum and no closed form.
    """

    learning: str = "weighted"
    chains: int = 256
    sampler_steps: int = 1
    lag_steps: int = 10
    annealing: int = 400

    def check(self) -> None:
        super().check()
        self.require("learning", self.learning in LEARNING, f"one of {', '.join(LEARNING)}")
        self.require("chains", self.chains >= 2, "at least 2")
        for name in ("sampler_steps", "lag_steps"):
            self.require(name, getattr(self, name) >= 1, "at least 1")
        self.require("annealing", self.annealing >= 2, "at least 2")

    def chains_of(
        self, ppm: EnergyBased | RestrictedBoltzmann, generator: torch.Generator, learning: str | None = None
    ) -> TrainingChains:
        """The chains that train, by this way of learning or another."""
        return TrainingChains(ppm, learning or self.learning, self.chains, self.sampler_steps, generator)

    @property
    def recorded(self) -> dict[str, Any]:
        """Attributes of the record: the way of learning and how many chains train."""
        return {"learning": self.learning, "training_chains": self.chains}
