"""The named run ``ebm``: an energy learns images, a density of the plane, or two modes far apart, by Langevin."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self, final

import torch
from torch import Tensor, nn

from szilard.errors import SpecError
from szilard.estimate import Kind
from szilard.models import EnergyBased
from szilard.samplers import MALA, adapted
from szilard.studies.sampled.families.chains import LEARNING, TrainingChains
from szilard.studies.sampled.families.gaussian import Gaussian
from szilard.studies.sampled.families.held_out import HeldOut, Score
from szilard.studies.sampled.families.images import Dequantised, dequantised
from szilard.studies.sampled.families.log_partition import annealed, summed
from szilard.studies.sampled.families.modes import TWO_MODES, Modes
from szilard.studies.sampled.families.planes import PLANES, Plane, plane
from szilard.studies.sampled.families.sizes import pixels_of
from szilard.studies.sampled.families.subject import Subject
from szilard.studies.sampled.spec import FamilySpec
from szilard.training import SGD, Adam, Cosine, Training, factory, streams
from szilard.training.batches import batches
from szilard.training.energies import TiltedGaussian, TwoModes

GAUSSIAN = "Gaussian of full covariance"
PERSISTENT = "the same with persistent chains, unweighted"
_FITTED, _PASSES, _KNOWN, _SHOWN = 20_000, 8, 4096, 512
"""Draws for the Gaussian; times that each image is dequantised; held-out points of a density; examples for p*."""
_TRAINED = 8192
"""Data points of the two modes."""
_BETWEEN = 200
"""Sampler steps from one kept model to the next."""
_BURN_IN, _BURNT = 100, 256
"""Steps in which the step size is adapted at first, and chains."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """Data as an energy takes them.

    Attributes:
        fitted: data for the Gaussian.
        batch: a batch for one step.
        held_out: the held-out examples, once for each dequantisation.
        cell: what a density's −ln p exceeds by to bound that of the image.
        what: the examples in words, one and many.
        kind: of the score.
        told: attributes for the record.
        gallery: settings of the gallery.
        entropy: H(p*), where it is known.
    """

    fitted: Tensor
    batch: Callable[[], Tensor]
    held_out: list[Tensor]
    cell: float
    what: tuple[str, str]
    kind: Kind
    told: dict[str, Any]
    gallery: dict[str, Any]
    entropy: float | None


@dataclass(frozen=True)
class EBM(FamilySpec):
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
    learning: str = "weighted"
    chains: int = 256
    sampler_steps: int = 5
    lag_steps: int = 20
    step_size: float = 0.1
    annealing: int = 400
    levels: int | None = None
    name: str = "ebm"

    def check(self) -> None:
        super().check()
        self.require("learning", self.learning in LEARNING, f"one of {', '.join(LEARNING)}")
        self.require("chains", self.chains >= 2, "at least 2")
        for name in ("sampler_steps", "lag_steps"):
            self.require(name, getattr(self, name) >= 1, "at least 1")
        self.require("step_size", self.step_size > 0, "positive")
        self.require("annealing", self.annealing >= 2, "at least 2")
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
        """See :class:`FamilySpec`."""
        material = self._material(data, device)
        reference = Gaussian.of(material.fitted)
        chains_stream = streams.generator_of(self.seed, streams.CHAINS)
        ppm = self._wrapped(model, reference, chains_stream)
        chains = self._chains(ppm, self.learning, chains_stream)
        first = copy.deepcopy(model) if isinstance(model, TwoModes) else None

        def loss(step: int) -> Tensor:
            return chains.loss(material.batch())

        def score(generator: torch.Generator) -> HeldOut:
            log_z, error, how = self._log_normaliser(ppm, reference, generator)
            more: dict[str, Any] = {"log_normaliser": {"value": log_z, "error": error, "how": how}}

            def of(name: str, energy: Callable[[Tensor], Tensor], log_z: float, error: float = 0.0) -> Score:
                each = torch.stack([energy(x) for x in material.held_out]).mean(0) + log_z + material.cell
                # An annealed ln Z is too low on average, which undoes an upper bound.
                return Score.over(name, each, Kind.ASYMPTOTIC if error else material.kind, error)

            baseline = of(GAUSSIAN, reference.energy, reference.log_normaliser)
            if first is not None and isinstance(data, Modes):
                other = self._persistent(first, material.batch)
                more["gaussian"] = {"value": baseline.value, "error": baseline.error}
                more["modes"] = {"truth": data.mass, "model": mass_beyond(model), "persistent": mass_beyond(other)}
                more["modes"]["chains"] = float(chains.weights[chains.x[:, 0] > 0].sum())
                baseline = of(PERSISTENT, lambda x: other(x).double(), other.log_normaliser())
            found = of(self.name, ppm.energy, log_z, error)
            one, many = material.what
            name, units = f"negative log-likelihood of held-out {many}", f"nat per {one}"
            return HeldOut(name, units, found, baseline, len(material.held_out[0]), more)

        space = {} if material.entropy is None else {"target_entropy": material.entropy}
        return Subject(
            ppm,
            loss,
            score,
            material.held_out[0][:_SHOWN],
            ledger={"sampler_steps": self.lag_steps},
            gallery=material.gallery,
            model_space={**space, "sampler_steps": _BETWEEN},
            attributes={**material.told, **space, "learning": self.learning, "training_chains": self.chains},
        )

    def _material(self, data: Any, device: torch.device) -> Material:
        order = streams.generator_of(self.seed, streams.ORDER)
        noise = streams.generator_of(self.seed, streams.DEQUANTISATION)
        size = self.training.batch_size
        if isinstance(data, Modes | Plane):
            held_out = [data.draw(self.held_out or _KNOWN, noise).to(device)]
            if isinstance(data, Plane):
                fitted = data.draw(_FITTED, noise).to(device)
                batch = lambda: data.draw(size, order).to(device)  # noqa: E731
            else:
                fitted = data.draw(_TRAINED, noise).to(device)
                indices = batches(len(fitted), size, self.training.shuffle, order)
                batch = lambda: fitted[next(indices)]  # noqa: E731
            return Material(
                fitted, batch, held_out, 0.0, ("point", "points"), Kind.UNBIASED, {}, {}, data.entropy
            )  # fmt: skip
        images = dequantised(data, device, self.held_out, self.levels)
        return self._of_images(images, order, noise)

    def _of_images(self, data: Dequantised, order: torch.Generator, noise: torch.Generator) -> Material:
        train, test = data.images.train, data.images.test
        indices = batches(len(train), self.training.batch_size, self.training.shuffle, order)
        return Material(
            fitted=torch.cat([data.continuous(train, noise) for _ in range(_PASSES)]),
            batch=lambda: data.continuous(train[next(indices)], noise),
            held_out=[data.continuous(test, noise) for _ in range(_PASSES)],
            cell=data.cell,
            what=("image", "images"),
            kind=Kind.UPPER if data.levels else Kind.UNBIASED,
            told={"levels": data.levels, "dequantisation": "uniform" if data.levels else None},
            gallery={"shape": data.images.shape},
            entropy=None,
        )

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

    def _chains(self, ppm: EnergyBased, learning: str, generator: torch.Generator) -> TrainingChains:
        return TrainingChains(ppm, learning, self.chains, self.sampler_steps, generator)

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
            chains = self._chains(ppm, "persistent", generator)
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
    """Of that of the two modes whose first coordinate is the larger."""
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
