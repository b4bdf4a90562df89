"""The exact systems whose X is sampled, each behind a capability, with a path and what its record must say."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.models.ppm import PPM, Energetic
from szilard.monitor import Ledger
from szilard.monitor.energetic.recorder import EnergeticRecorder
from szilard.monitor.energetic.settings import EnergeticSettings
from szilard.monitor.measure import Recorder
from szilard.systems import (
    BoltzmannMachine,
    EnergySystem,
    GaussianMean,
    Ising,
    LaggedGaussian,
    MarkovText,
    ProbabilisticPCA,
    System,
)
from szilard.verify.as_models import AsBounded, AsEnergetic, AsSequential, AsTractable

if TYPE_CHECKING:
    from szilard.verify.watched import WatchedRun

COARSER = 2


@dataclass(frozen=True)
class FamilyCase:
    """A system that a monitor watches through one capability only.

    Args:
        name: shown in the table.
        system: gives the answers.
        path: its parameters.
        model: the class that shows the system at one θ as what the monitor may see.
        sampler_steps: τ of lagging chains; None where there are none.
        settings: of :class:`szilard.Ledger`, or with chains of :class:`EnergeticSettings`.
    """

    name: str
    system: System
    path: Float[Tensor, "points theta"]
    model: type[Any]
    sampler_steps: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def capability(self) -> str:
        """Name of the capability by which the monitor sees the system, as in the record."""
        named = {AsTractable: "tractable", AsSequential: "sequential", AsBounded: "bounded", AsEnergetic: "energetic"}
        return named[self.model]

    def with_samples(self, samples: int) -> FamilyCase:
        """The same with other numbers of samples; of energies as many chains, and particles on all islands together."""
        if self.sampler_steps is None:
            return replace(self, settings={**self.settings, "samples": samples})
        settings = EnergeticSettings()
        particles = max(4, samples // settings.islands)
        return replace(self, settings={**self.settings, "chains": samples, "particles": particles})

    def start(self, ppm: PPM, seed: int) -> Recorder:
        """A recorder of the ledger that watches ``ppm`` by this case's settings."""
        if self.sampler_steps is None:
            return Ledger(path_intervals=(1, COARSER), **self.settings).start(ppm, seed)
        settings = EnergeticSettings(sampler_steps=self.sampler_steps, **self.settings)
        return EnergeticRecorder(cast(Energetic, ppm), settings, seed)

    def truth(self) -> Mapping[str, Any]:
        """What the last row must say, by the record's name, in nats."""
        if self.sampler_steps is not None:
            assert isinstance(self.system, EnergySystem)
            lagged = dict(self.system.lagged(self.path, self.sampler_steps))
            if not (isinstance(self.system, Ising) and self.system.order == "alternating"):
                lagged["detailed_balance"] = 0.0
            return {**lagged, "heat_stepwise": lagged["heat"], "work_shadow": 0.0, "acceptance": 1.0}
        answers = {**self.system.along(self.path), "fluctuation_excess": 0.0}
        start = self.system.along(self.path[:1])
        change = answers["entropy_conditional"] - start["entropy_conditional"]
        answers |= {"entropy_change": change, "heat_stepwise": answers["heat"]}
        coarser = self.path[: (len(self.path) - 1) // COARSER * COARSER + 1 : COARSER]
        answers["work_coarser"] = self.system.along(coarser)["work"]
        return self._per_token(answers) if isinstance(self.system, MarkovText) else answers

    def known(self, watched: WatchedRun) -> Iterator[tuple[str, int | None, float]]:
        """Variables of the record whose truth is known, with their place where they have several, and that truth."""
        truth = self.truth()
        for name in watched.kinds:
            of = name.removesuffix("_lower")
            if of in truth and f"{name}_error" in watched.values:
                yield name, None, truth[of]
        if "work_by_interval" in watched.values:
            yield "work_by_interval", 1, truth["work_coarser"]
        pca = self.system
        if "entropy_gap" in watched.values and isinstance(pca, ProbabilisticPCA) and pca.widening > 1:
            yield "entropy_gap", watched.draws.index(1), sum(pca.bound_offsets())

    def _per_token(self, answers: Mapping[str, float]) -> Mapping[str, float]:
        """The answers per token of the horizon, as the record has it; the length is that of prefix and next token."""
        horizon = self.system.length  # type: ignore[attr-defined]
        scale = {"length": 1.0, "tokens": 1.0, "fluctuation": 1.0}
        answers = {**answers, "length": self._token_length()}
        whole = {f"{name.removesuffix('_conditional')}_per_sequence": value for name, value in answers.items()}
        return {name: value / scale.get(name, horizon) for name, value in answers.items()} | whole

    def _token_length(self) -> float:
        """``Σ_t 2 arccos`` of the next token's mean overlap, over positions and prefixes of the earlier model."""
        text = cast(MarkovText, self.system)
        x, _ = text.outcomes(self.path)
        total = 0.0
        for before, after in itertools.pairwise(self.path):
            sides = [torch.log_softmax(text.token_logits(x, theta), -1) for theta in (before, after)]
            defect = text.alive(x) * (1 - (0.5 * (sides[0] + sides[1])).exp().sum(-1))
            mean = float((torch.exp(-text.phi(x, before)) * defect.sum(-1)).sum()) / text.length
            total += 2 * math.acos(1 - mean)
        return total


def tractable_cases() -> Iterator[FamilyCase]:
    """Yields systems whose φ is known and whose X is sampled."""
    gaussian = GaussianMean(
        dimension=2, points=10, model_sigma=1.0, data_sigma=1.0, rate=0.1, noise=0.005, initial_variance=0.5
    )
    yield FamilyCase("Gaussian, sampled", gaussian, gaussian.simulate(20, seed=1), AsTractable)
    pca = ProbabilisticPCA(dimension=4, latent=2, rate=0.05)
    yield FamilyCase("PCA, sampled", pca, pca.simulate(20, seed=1), AsTractable)
    ring = Ising(coupling=0.8, rate=0.03, batch_size=8)
    yield FamilyCase("spins, sampled", ring, ring.simulate(20, seed=1), AsTractable)


def sequential_cases() -> Iterator[FamilyCase]:
    """Next tokens are known, sequences are sampled."""
    text = MarkovText(vocabulary=4, length=4, rate=0.5)
    yield FamilyCase("text", text, text.simulate(20, seed=1), AsSequential)
    ends = MarkovText(vocabulary=4, length=4, ends=True, rate=0.5, population=3)
    yield FamilyCase("text that ends", ends, ends.simulate(20, seed=1), AsSequential)


def bounded_cases() -> Iterator[FamilyCase]:
    """Yields systems whose φ lies between bounds."""
    pca = ProbabilisticPCA(dimension=4, latent=2, widening=1.3, rate=0.05)
    yield FamilyCase("PCA between bounds", pca, pca.simulate(20, seed=1), AsBounded)
    closed = ProbabilisticPCA(dimension=4, latent=2, widening=1.0, rate=0.05)
    yield FamilyCase("PCA, bounds that meet", closed, closed.simulate(20, seed=1), AsBounded)


def energetic_cases() -> Iterator[FamilyCase]:
    """Yields systems of which E is known but not Z, and whose X lags behind."""
    ring = Ising(coupling=0.8, rate=0.03, batch_size=64)
    yield _lagging("spins with heat bath", ring, ring.simulate(20, seed=1), 1)
    machine = BoltzmannMachine(spread=3.0, rate=0.3)
    yield _lagging("Boltzmann machine", machine, machine.simulate(20, seed=1), 1)
    lagged = LaggedGaussian(speed=0.05, noise=0.05)
    yield _lagging("lagged Gaussian", lagged, lagged.simulate(20, seed=1), 2)


def _lagging(name: str, system: EnergySystem, path: Tensor, sampler_steps: int) -> FamilyCase:
    return FamilyCase(name, system, path, AsEnergetic, sampler_steps)


def family_cases() -> Iterator[FamilyCase]:
    """Every exact system behind every capability that suits it."""
    yield from tractable_cases()
    yield from sequential_cases()
    yield from bounded_cases()
    yield from energetic_cases()
