"""The named run ``ebm``: an energy learns images, a density of the plane, or two modes far apart, by Langevin."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn

from szilard.errors import SpecError
from szilard.models import EnergyBased
from szilard.samplers import MALA, adapted
from szilard.studies.sampled.families.chains import BETWEEN, EnergySpec
from szilard.studies.sampled.families.continuous import FITTED, KNOWN, ContinuousData
from szilard.studies.sampled.families.densities import (
    GAUSSIAN,
    PLANES,
    TWO_MODES,
    Gaussian,
    Modes,
    Plane,
    annealed,
    plane,
    summed,
)
from szilard.studies.sampled.families.images import dequantised, pixels_of
from szilard.studies.sampled.subject import HeldOut, Subject
from szilard.training import SGD, Adam, Cosine, Training, factory, streams
from szilard.training.energies import TiltedGaussian, TwoModes
from szilard.training.training import batches

PERSISTENT = "the same with persistent chains, unweighted"
_TRAINED = 8192
"""Data points of the two modes."""
_BURN_IN, _BURNT = 100, 256
"""Steps in which the step size is adapted at first, and chains."""


@dataclass(frozen=True)
class EBM(EnergySpec):
    """An energy ``E_θ(x)``, trained by chains of the Metropolis-adjusted Langevin algorithm.

    Attributes:
        model: a factory of a network from states to energies: ``energies:TiltedGaussian``, which begins as the Gaussian
            of the data, ``energies:TwoModes``, or one of your own.
        data: images by the name of a data set, ``ring`` or ``circles``, of which every batch is fresh, or
            ``two-modes``: Gaussians in 50 dimensions, 8 apart, of masses 3/4 and 1/4.
        learning: where the negative samples come from: ``weighted``, ``persistent``, ``contrastive`` or ``fresh``.
        chains: that train; the ledger has others.
        sampler_steps: of a chain that trains, between two updates.
        lag_steps: τ, sampler steps of the ledger's chains at each record.
        step_size: of the sampler at first; it is adapted while the chains burn in, and follows the acceptance of the
            chains that train.
        annealing: stages of the bridge for the last ``ln Z``, where it has no sum and no closed form.
        levels: grey levels of the images, which are dequantised; None finds out, 0 takes the data as they are.

    Example:
        >>> spec = ebm("two-modes")
        >>> spec.model.target, spec.learning
        ('energies:TwoModes', 'weighted')
    """

    kind: ClassVar[str] = "ebm"
    family: ClassVar[str] = "energy"
    sampler_steps: int = 5
    lag_steps: int = 20
    step_size: float = 0.1
    levels: int | None = None
    name: str = "ebm"

    def check(self) -> None:
        super().check()
        self.require("step_size", self.step_size > 0, "positive")
        self.require("levels", self.levels is None or self.levels == 0 or self.levels >= 2, "0 or at least 2")

    def quick(self) -> Self:
        """A fifth of the training, and a shorter bridge."""
        return self.with_steps(max(60, self.training.steps // 5), annealing=min(self.annealing, 100))

    def load_data(self) -> Any:
        """Two modes or a density of the plane by name, or a data set."""
        if self.data == TWO_MODES:
            return Modes()
        return plane(self.data) if isinstance(self.data, str) and self.data in PLANES else super().load_data()

    def begin(self, model: nn.Module, data: Any, device: torch.device) -> Subject:
        """The energy with its sampler and the chains that train it, and its score with ``ln Z``; see the base."""
        points = self._points(data, device)
        reference = Gaussian.of(points.fitted)
        chains_stream = streams.generator_of(self.seed, streams.CHAINS)
        ppm = self._wrapped(model, reference, chains_stream)
        chains = self.chains_of(ppm, chains_stream)
        first = copy.deepcopy(model) if isinstance(model, TwoModes) else None

        def loss(step: int) -> Tensor:
            return chains.loss(points.batch())

        def score(generator: torch.Generator) -> HeldOut:
            log_z, error, how = self._log_normaliser(ppm, reference, generator)
            more: dict[str, Any] = {"log_normaliser": {"value": log_z, "error": error, "how": how}}
            baseline = points.score(GAUSSIAN, reference.energy, reference.log_normaliser)
            if first is not None and isinstance(data, Modes):
                other = self._persistent(first, points.batch)
                more["gaussian"] = {"value": baseline.value, "error": baseline.error}
                more["modes"] = {"truth": data.mass, "model": mass_beyond(model), "persistent": mass_beyond(other)}
                more["modes"]["chains"] = float(chains.weights[chains.x[:, 0] > 0].sum())
                baseline = points.score(PERSISTENT, lambda x: other(x).double(), other.log_normaliser())
            return points.compared(points.score(self.name, ppm.energy, log_z, error), baseline, more)

        return Subject(
            ppm,
            loss,
            score,
            points.examples,
            ledger={"sampler_steps": self.lag_steps},
            gallery=points.gallery,
            model_space={**points.space, "sampler_steps": BETWEEN},
            attributes={**points.attributes, **points.space, **self.recorded},
        )

    def _points(self, data: Any, device: torch.device) -> ContinuousData:
        order = streams.generator_of(self.seed, streams.ORDER)
        noise = streams.generator_of(self.seed, streams.DEQUANTISATION)
        size = self.training.batch_size
        if not isinstance(data, Modes | Plane):
            images = dequantised(data, device, self.held_out, self.levels)
            return ContinuousData.of_images(images, self.training, order, noise)
        held_out = [data.draw(self.held_out or KNOWN, noise).to(device)]
        if isinstance(data, Plane):
            fitted = data.draw(FITTED, noise).to(device)
            batch = lambda: data.draw(size, order).to(device)  # noqa: E731
        else:
            fitted = data.draw(_TRAINED, noise).to(device)
            indices = batches(len(fitted), size, self.training.shuffle, order)
            batch = lambda: fitted[next(indices)]  # noqa: E731
        return ContinuousData(fitted, batch, held_out, entropy=data.entropy)

    def _wrapped(self, model: nn.Module, reference: Gaussian, generator: torch.Generator) -> EnergyBased:
        dimension = len(reference.mean)
        wanted = {TiltedGaussian: "mean", TwoModes: "first"}.get(type(model))
        if wanted is not None and len(getattr(model, wanted)) != dimension:
            raise SpecError(
                f"the energy has {len(getattr(model, wanted))} dimensions and the data {self.data!r} has {dimension}:"
                f" set model.dimension to {dimension}."
            )
        kernel = MALA(self.step_size, None if isinstance(model, TwoModes) else reference.factor)
        if isinstance(model, TwoModes):
            ppm = EnergyBased(model, kernel, model.draw, starts_exactly=True, log_normaliser=TwoModes.log_normaliser)
        elif isinstance(model, TiltedGaussian):
            model.begin_at(reference.mean, reference.factor)
            ppm = EnergyBased(
                model, kernel, reference.draw, starts_exactly=True, log_normaliser=lambda _: reference.log_normaliser
            )
        else:
            ppm = EnergyBased(model, kernel, reference.draw)
        burnt = ppm.start(min(self.chains, _BURNT), generator)
        ppm.kernel, _ = adapted(kernel, ppm.energy, burnt, _BURN_IN, generator)
        return ppm

    def _log_normaliser(
        self, ppm: EnergyBased, reference: Gaussian, generator: torch.Generator
    ) -> tuple[float, float, str]:
        if isinstance(ppm.module, TwoModes):
            return ppm.module.log_normaliser(), 0.0, "closed form"
        if len(reference.mean) == 2:
            return summed(ppm, reference), 0.0, "sum over a grid"
        value, error = annealed(ppm, reference, self.annealing, self.chains, generator)
        return value, error, "annealed importance sampling"

    def _persistent(self, model: TwoModes, batch: Callable[[], Tensor]) -> TwoModes:
        """The same training from the same start, by persistent chains without weights."""
        with torch.enable_grad():
            generator = streams.generator_of(self.seed, streams.CHAINS)
            ppm = EnergyBased(model, MALA(self.step_size), model.draw)
            chains = self.chains_of(ppm, generator, "persistent")
            optimizer = self.training.optimizer.build(model.parameters())
            rates = [group["lr"] for group in optimizer.param_groups]
            for step in range(self.training.steps):
                if self.training.schedule is not None:
                    for group, rate in zip(optimizer.param_groups, rates, strict=True):
                        group["lr"] = rate * self.training.schedule.multiplier(step, self.training.steps)
                optimizer.zero_grad()
                chains.loss(batch()).backward()
                optimizer.step()
        return model


def mass_beyond(model: nn.Module) -> float:
    """The mass of the mode whose first coordinate is the larger; NaN of a model that has no two modes."""
    if not isinstance(model, TwoModes):
        return math.nan
    return model.mass if float(model.second[0]) > float(model.first[0]) else 1 - model.mass


def ebm(data: str = "digits") -> EBM:
    """A Gaussian tilted by a network on images and in the plane; two modes in 50 dimensions by their own model.

    Raises:
        SpecError: if there are no settings for ``data``.
    """
    if data == TWO_MODES:
        return EBM(
            factory("energies:TwoModes", dimension=Modes().dimension),
            data,
            Training(SGD(lr=0.1), batch_size=512, steps=400, schedule=Cosine()),
            every=5,
            chains=8192,
            sampler_steps=2,
            gallery=256,
            threads=1,
        )
    if data in PLANES:
        return EBM(
            factory("energies:TiltedGaussian", dimension=2, widths=[128, 128], activation="tanh"),
            data,
            Training(Adam(lr=5e-3), batch_size=256, steps=1000, schedule=Cosine(warmup=20), clip_norm=10.0),
            sampler_steps=10,
            gallery=256,
            threads=1,
        )
    pixels = pixels_of("ebm", data, [*PLANES, TWO_MODES])
    return EBM(
        factory("energies:TiltedGaussian", dimension=pixels, widths=[128]),
        data,
        Training(Adam(lr=5e-3), batch_size=128, steps=1200, schedule=Cosine(warmup=20), clip_norm=1.0),
        gallery=64,
        threads=1,
    )
