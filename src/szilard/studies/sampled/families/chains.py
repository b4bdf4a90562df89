"""How energies learn: the settings that their runs share, and the chains that train them, never those that measure."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.errors import SpecError, nearest
from szilard.models import EnergyBased, RestrictedBoltzmann
from szilard.samplers import MALA, Relaxation, effective_sample_size, systematic
from szilard.samplers.langevin import TARGET
from szilard.studies.sampled.spec import FamilySpec

LEARNING = {
    "weighted": "persistent chains with Jarzynski weights, resampled when few of them count",
    "persistent": "persistent chains as they are (PCD)",
    "contrastive": "chains that begin at the data in each step (CD)",
    "fresh": "chains that begin anew in each step",
}
"""Where the negative samples of ``∇_θ ln p = −∇E(data) + ⟨∇E⟩_p`` come from."""

BETWEEN = 200
"""Steps or sweeps of the sampler from one kept model to the next."""
_GAIN = 0.1
_LEAST = 1e-6


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


@final
class TrainingChains:
    """Negative samples for the gradient of the log-likelihood, by one of :data:`LEARNING`.

    With weights, each chain's ``ln w`` falls by ``ΔE`` at each change of θ and by the kernel's shadow work, so that
    weighted averages are those of the present model even where chains do not mix (Carbone et al., arXiv 2305.19414);
    the equality is Jarzynski's, and what limits it is that these very chains also choose the next θ: a bias of order
    dimension over chains.

    Args:
        ppm: what is trained.
        learning: one of :data:`LEARNING`.
        count: chains, where they do not begin at data.
        sampler_steps: of the kernel between two updates.
        generator: of the chains.

    Raises:
        SpecError: if there is no such way of learning.
    """

    def __init__(
        self,
        ppm: EnergyBased | RestrictedBoltzmann,
        learning: str,
        count: int,
        sampler_steps: int,
        generator: torch.Generator,
    ) -> None:
        if learning not in LEARNING:
            raise SpecError(f"there is no way of learning called {learning!r}: {nearest(learning, LEARNING)}")
        self._ppm = ppm
        self._learning = learning
        self._sampler_steps = sampler_steps
        self._generator = generator
        self.x = ppm.start(count, generator)
        self._energy: Tensor | None = None
        self.log_weights = torch.zeros(count, dtype=torch.float64, device=ppm.device)
        self.log_mean_weight = 0.0
        self.resamplings = 0

    @property
    def weights(self) -> Float[Tensor, " count"]:
        """The chains' weights, which sum to 1."""
        return torch.softmax(self.log_weights, 0)

    def loss(self, data: Tensor) -> Tensor:
        """``⟨E⟩_data − Σ w E(x)`` after the chains have followed θ; its gradient is that of ``−ln p``."""
        self._follow(data)
        energy = self._ppm.energy(self.x)
        self._energy = energy.detach()
        return self._ppm.energy(data).mean() - (self.weights * energy).sum()

    @torch.no_grad()
    def log_ratio(self) -> float:
        """``ln(Z/Z_0)`` by Jarzynski's equality over the chains that train: biased by what they do to θ."""
        if self._energy is None:
            return 0.0
        log_weights = self.log_weights - (self._ppm.energy(self.x) - self._energy)
        return self.log_mean_weight + _log_mean(log_weights)

    @torch.no_grad()
    def _follow(self, data: Tensor) -> None:
        ppm = self._ppm
        if self._learning == "contrastive":
            self.x = data
            self.log_weights = torch.zeros(len(data), dtype=torch.float64, device=data.device)
        elif self._learning == "fresh":
            self.x = ppm.start(len(self.x), self._generator)
        elif self._learning == "weighted" and self._energy is not None:
            self.log_weights = self.log_weights - (ppm.energy(self.x) - self._energy)
        relaxed = ppm.relax(self.x, self._sampler_steps, self._generator)
        self.x = relaxed.x
        if self._learning == "weighted":
            self.log_weights = self.log_weights - relaxed.shadow_work
            self._resample()
        self._adapt(relaxed)

    def _resample(self) -> None:
        if float(effective_sample_size(self.log_weights)) < len(self.x) / 2:
            self.log_mean_weight += _log_mean(self.log_weights)
            self.x = self.x[systematic(self.log_weights, self._generator)]
            self.log_weights = torch.zeros_like(self.log_weights)
            self.resamplings += 1

    def _adapt(self, relaxed: Relaxation) -> None:
        """Steers the step size by the acceptance of these chains, which measure nothing."""
        kernel = self._ppm.kernel
        if isinstance(kernel, MALA) and isinstance(self._ppm, EnergyBased):
            off = float(relaxed.acceptance.mean()) - TARGET
            self._ppm.kernel = replace(kernel, step_size=max(_LEAST, kernel.step_size * math.exp(_GAIN * off)))


def _log_mean(log_weights: Tensor) -> float:
    return float(torch.logsumexp(log_weights, 0)) - math.log(len(log_weights))
