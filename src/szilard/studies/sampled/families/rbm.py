"""The named run ``rbm``: a restricted Boltzmann machine learns images in black and white by block Gibbs sampling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn

from szilard.errors import SpecError
from szilard.estimate import Kind
from szilard.models import RBM, RestrictedBoltzmann
from szilard.studies.sampled.families.chains import BETWEEN, EnergySpec
from szilard.studies.sampled.families.images import binary, pixels_of
from szilard.studies.sampled.families.vae import BASELINE, bernoulli_surprise
from szilard.studies.sampled.subject import HeldOut, Score, Subject
from szilard.training import SGD, Cosine, Training, factory, streams
from szilard.training.training import batches

_SHOWN = 512
"""Held-out examples for the target in model space."""
_FIRST_STAGES = 100
"""Of the bridge for ``ln Z`` of the first model, whose weights are small."""


@dataclass(frozen=True)
class BoltzmannRun(EnergySpec):
    """A restricted Boltzmann machine, trained by contrastive divergence or persistent chains.

    Attributes:
        model: a factory of a :class:`szilard.models.RBM` with as many visible units as pixels. Its visible biases begin
            at the data's log-odds, so that it begins as independent pixels.
        data: images, which are made black and white at half.
        learning: ``persistent`` (PCD), ``contrastive`` (CD), ``weighted`` (PCD with Jarzynski's weights) or ``fresh``.
        chains: that train, unless they begin at data; the ledger has others.
        sampler_steps: sweeps ``v → h → v`` between two updates (the k of CD-k).
        lag_steps: τ, sweeps of the ledger's chains at each record.
        annealing: stages of the bridge for the last ``ln Z``, where neither layer can be summed over.

    Example:
        >>> spec = rbm()
        >>> spec.model.arguments, spec.learning
        ({'visible': 64, 'hidden': 48, 'scale': 0.05}, 'persistent')
    """

    kind: ClassVar[str] = "rbm"
    family: ClassVar[str] = "restricted Boltzmann machine"
    learning: str = "persistent"
    chains: int = 256
    sampler_steps: int = 1
    lag_steps: int = 10
    annealing: int = 2000
    name: str = "rbm"

    def quick(self) -> Self:
        """A fifth of the training, and a shorter bridge."""
        return self.with_steps(max(60, self.training.steps // 5), annealing=min(self.annealing, 400))

    def begin(self, model: nn.Module, data: Any, device: torch.device) -> Subject:
        """The machine with the chains that train it, and its score with ``ln Z``; see the base."""
        images = binary(data, device, self.held_out)
        machine = self._machine(model, images.train)
        ppm = RestrictedBoltzmann(machine, starts_exactly=True, annealing=_FIRST_STAGES)
        chains = self.chains_of(ppm, streams.generator_of(self.seed, streams.CHAINS))
        order = streams.generator_of(self.seed, streams.ORDER)
        indices = batches(len(images.train), self.training.batch_size, self.training.shuffle, order)
        base = log_odds(images.train)

        def loss(step: int) -> Tensor:
            return chains.loss(images.train[next(indices)])

        def score(generator: torch.Generator) -> HeldOut:
            log_z, error, how = self._log_normaliser(ppm, base, generator)
            kind = Kind.ASYMPTOTIC if error else Kind.UNBIASED
            found = Score.over(self.name, ppm.energy(images.test) + log_z, kind, error)
            simple = Score.over(BASELINE, bernoulli_surprise(images.train, images.test))
            more = {"log_normaliser": {"value": log_z, "error": error, "how": how}}
            name = "negative log-likelihood of held-out images"
            return HeldOut(name, "nat per image", found, simple, len(images.test), more)

        return Subject(
            ppm,
            loss,
            score,
            images.test[:_SHOWN],
            ledger={"sampler_steps": self.lag_steps},
            gallery={"shape": images.shape},
            model_space={"sampler_steps": BETWEEN},
            attributes={"pixels": "black and white", **self.recorded},
        )

    def _machine(self, model: nn.Module, train: Tensor) -> RBM:
        if not isinstance(model, RBM):
            raise SpecError(
                f"the model of the run {self.name!r} is a {type(model).__name__}: let its factory be"
                " szilard.models:RBM with visible and hidden units."
            )
        if model.weight.shape[1] != train.shape[1]:
            raise SpecError(
                f"the machine has {model.weight.shape[1]} visible units and the images of {self.data!r} have"
                f" {train.shape[1]} pixels: set model.visible to {train.shape[1]}."
            )
        with torch.no_grad():
            model.visible_bias.copy_(log_odds(train))
        return model

    def _log_normaliser(
        self, ppm: RestrictedBoltzmann, base: Tensor, generator: torch.Generator
    ) -> tuple[float, float, str]:
        if ppm.module.enumerable:
            return ppm.module.log_normaliser(), 0.0, "sum over the smaller layer"
        log_z, annealed = ppm.anneal(self.annealing, base=base, generator=generator)
        return log_z, annealed.error, "annealed importance sampling"


def log_odds(train: Tensor) -> Tensor:
    """Log-odds of each pixel being white, with half a count more for either colour."""
    white = (train.double().sum(0) + 0.5) / (len(train) + 1)
    return torch.logit(white).to(train.dtype)


def rbm(data: str = "digits") -> BoltzmannRun:
    """48 hidden units for digits, 64 for larger images; persistent chains.

    Raises:
        SpecError: if there are no settings for ``data``.
    """
    pixels = pixels_of("rbm", data)
    small = pixels <= 64
    return BoltzmannRun(
        factory("szilard.models:RBM", visible=pixels, hidden=48 if small else 64, scale=0.05 if small else 0.01),
        data,
        Training(SGD(lr=0.1), batch_size=200, steps=2000, schedule=Cosine()),
        every=5,
        chains=512,
        threads=1,
    )
