"""The named run ``vae``: a variational autoencoder learns images in black and white."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from szilard.errors import SpecError
from szilard.estimate import Kind
from szilard.models import LatentVariable
from szilard.studies.sampled.families.images import binary, pixels_of
from szilard.studies.sampled.spec import FamilySpec
from szilard.studies.sampled.subject import HeldOut, Score, Subject
from szilard.training import Adam, Cosine, Training, factory, streams
from szilard.training.autoencoder import Autoencoder
from szilard.training.training import batches

BASELINE = "independent Bernoulli pixels"
_SHOWN = 256
"""Held-out examples for the target in model space."""
_AT_ONCE = 64
"""Examples whose bound is taken together."""


@dataclass(frozen=True)
class VAE(FamilySpec):
    """A decoder with latent variables, and an encoder that proposes them, trained by the bound with one draw.

    Attributes:
        model: a factory of an :class:`~szilard.training.autoencoder.Autoencoder`, or of any module with ``encoder``,
            ``decoder`` and ``latent`` (:class:`szilard.LatentVariable` says what these are).
        data: images, which are made black and white at half.
        draws: K of the bounds on φ.
        held_out_draws: K of the bound on the held-out likelihood.

    Example:
        >>> spec = vae("digits")
        >>> spec.model.arguments["latent"], spec.draws
        (8, 64)
    """

    kind: ClassVar[str] = "vae"
    family: ClassVar[str] = "latent variables"
    draws: int = 16
    held_out_draws: int = 256
    name: str = "vae"

    def check(self) -> None:
        super().check()
        for name in ("draws", "held_out_draws"):
            self.require(name, getattr(self, name) >= 1, "at least 1")

    def quick(self) -> Self:
        """A fifth of the training, and fewer draws at the end."""
        return self.with_steps(max(60, self.training.steps // 5), held_out_draws=min(self.held_out_draws, 64))

    def begin(self, model: nn.Module, data: Any, device: torch.device) -> Subject:
        """Decoder and encoder, their bound as loss, and the bound with more draws as score; see the base."""
        if not all(hasattr(model, name) for name in ("encoder", "decoder", "latent")):
            raise SpecError(
                f"the model of the run {self.name!r} is a {type(model).__name__} without encoder, decoder and latent:"
                " let its factory return a szilard.training.autoencoder.Autoencoder."
            )
        images = binary(data, device, self.held_out)
        pair: Any = model
        ppm = LatentVariable(pair.encoder, pair.decoder, latent=pair.latent, draws=self.draws)
        self._check_fit(ppm, images.train)
        order = streams.generator_of(self.seed, streams.ORDER)
        indices = batches(len(images.train), self.training.batch_size, self.training.shuffle, order)
        both = Autoencoder(pair.encoder, pair.decoder, pair.latent)

        def loss(step: int) -> Tensor:
            return negative_bound(both, images.train[next(indices)]).mean()

        def score(generator: torch.Generator) -> HeldOut:
            draws = torch.Generator(device).manual_seed(generator.initial_seed())
            each = torch.cat([surprise(ppm, x, self.held_out_draws, draws) for x in images.test.split(_AT_ONCE)])
            found = Score.over(self.name, each, Kind.UPPER)
            simple = Score.over(BASELINE, bernoulli_surprise(images.train, images.test))
            return HeldOut("negative log-likelihood of held-out images", "nat per image", found, simple, len(each))

        told = {"held_out_draws": self.held_out_draws, "pixels": "black and white"}
        return Subject(ppm, loss, score, images.test[:_SHOWN], gallery={"shape": images.shape}, attributes=told)

    def _check_fit(self, ppm: LatentVariable, train: Tensor) -> None:
        x, _ = ppm.sample_joint(2, torch.Generator(ppm.device).manual_seed(0))
        if x.shape[1:] != train.shape[1:]:
            raise SpecError(
                f"the decoder gives images shaped {tuple(x.shape[1:])} and those of {self.data!r} are"
                f" {tuple(train.shape[1:])}: set model.pixels to {train.shape[1]}."
            )


def negative_bound(model: Autoencoder, x: Float[Tensor, "batch pixels"]) -> Float[Tensor, " batch"]:
    """``KL(q(z|x)‖p(z)) − ln p(x|z)``, one draw z ~ q: an upper bound of −ln p(x) whose gradient trains both networks.

    Source: Kingma and Welling, arXiv:1312.6114.
    """
    mean, log_scale, logits = model(x)
    divergence = 0.5 * (mean.square() + (2 * log_scale).exp() - 1) - log_scale
    return divergence.sum(1) + F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)


def surprise(ppm: LatentVariable, x: Tensor, draws: int, generator: torch.Generator) -> Float[Tensor, " count"]:
    """``−ln (1/K) Σ_k p(x,z_k)/q(z_k|x)``, z ~ q, in float64: an upper bound of −ln p(x) in expectation."""
    z = ppm.propose(x, draws, generator)
    log_weights = ppm.log_joint(x, z) - ppm.log_proposal(x, z)
    return torch.log(torch.tensor(float(draws))).double() - torch.logsumexp(log_weights, 1)


def bernoulli_surprise(train: Float[Tensor, "examples pixels"], test: Tensor) -> Float[Tensor, " count"]:
    """−ln p of pixels that know nothing of one another, each as often white as in training, and half a time more."""
    white = (train.double().sum(0) + 0.5) / (len(train) + 1)
    return -(test.double() * white.log() + (1 - test.double()) * torch.log1p(-white)).sum(1)


def vae(data: str = "digits") -> VAE:
    """Perceptrons with one hidden layer on digits, with two on larger images.

    Raises:
        SpecError: if there are no settings for ``data``.
    """
    pixels = pixels_of("vae", data)
    small = pixels <= 64
    return VAE(
        factory("autoencoders:perceptrons", pixels=pixels, latent=8 if small else 16, hidden=[128] if small else [400]),
        data,
        Training(Adam(lr=2e-3), batch_size=100, steps=2000, schedule=Cosine(warmup=20)),
        draws=64 if small else 16,
        held_out=None if small else 500,
        threads=1,
    )
