"""The named run ``flow``: a normalizing flow learns images, or a density in the plane that is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn
from torch.distributions import MultivariateNormal

from szilard.errors import SpecError
from szilard.estimate import Kind
from szilard.models import Flow
from szilard.studies.sampled.families.held_out import HeldOut, Score
from szilard.studies.sampled.families.images import Dequantised, dequantised
from szilard.studies.sampled.families.planes import PLANES, Plane, plane
from szilard.studies.sampled.families.sizes import pixels_of
from szilard.studies.sampled.families.subject import Subject
from szilard.studies.sampled.spec import FamilySpec
from szilard.training import AdamW, Cosine, Training, factory, streams
from szilard.training.batches import batches
from szilard.training.flows import standardised

BASELINE = "Gaussian of full covariance"
_FITTED, _PASSES = 20_000, 8
"""Draws from a known density on which the baseline is fitted; times that each image is dequantised."""
_KNOWN = 4096
"""Held-out points of a known density, where the spec does not say how many."""
_SHOWN = 512
"""Held-out examples for the target in model space."""


@dataclass(frozen=True)
class FlowRun(FamilySpec):
    """A normalizing flow, trained by maximum likelihood.

    Attributes:
        model: a factory of a flow that zuko builds, or of any module that :class:`szilard.Flow` takes without further
            arguments. It learns data in units of their own mean and standard deviation.
        data: images by the name of a data set, or ``ring``, ``circles`` or ``checkerboard``, of which every batch is
            fresh.
        levels: grey levels of the images, which are dequantised by uniform noise, new in each batch; None finds out, 0
            takes the data as they are.

    Example:
        >>> spec = flow("ring")
        >>> spec.model.target, spec.data
        ('flows:spline', 'ring')
    """

    kind: ClassVar[str] = "flow"
    family: ClassVar[str] = "normalizing flow"
    levels: int | None = None
    name: str = "flow"

    def check(self) -> None:
        super().check()
        self.require("levels", self.levels is None or self.levels == 0 or self.levels >= 2, "0 or at least 2")

    def quick(self) -> Self:
        """A fifth of the training."""
        return self.with_steps(max(60, self.training.steps // 5))

    def load_data(self) -> Any:
        """A :class:`~szilard.studies.sampled.families.planes.Plane` by its name, or a data set."""
        return plane(self.data) if isinstance(self.data, str) and self.data in PLANES else super().load_data()

    def begin(self, model: nn.Module, data: Any, device: torch.device) -> Subject:
        """See :class:`FamilySpec`."""
        order = streams.generator_of(self.seed, streams.ORDER)
        noise = streams.generator_of(self.seed, streams.DEQUANTISATION)
        if isinstance(data, Plane):
            return self._known(model, data, device, order, noise)
        return self._images(model, dequantised(data, device, self.held_out, self.levels), order, noise)

    def _known(
        self, model: nn.Module, data: Plane, device: torch.device, order: torch.Generator, noise: torch.Generator
    ) -> Subject:
        fitted = data.draw(_FITTED, noise).to(device)
        held_out = data.draw(self.held_out or _KNOWN, noise).to(device)
        ppm = self._wrapped(model, fitted)

        def loss(step: int) -> Tensor:
            return ppm.phi(data.draw(self.training.batch_size, order).to(device)).mean()

        def score(generator: torch.Generator) -> HeldOut:
            found = Score.over(self.name, ppm.phi(held_out))
            simple = Score.over(BASELINE, -_gaussian(fitted).log_prob(held_out.double()))
            return HeldOut("negative log-likelihood of held-out points", "nat per point", found, simple, len(held_out))

        space = {"target_entropy": data.entropy}
        return Subject(ppm, loss, score, held_out[:_SHOWN], model_space=space, attributes=space)

    def _images(self, model: nn.Module, data: Dequantised, order: torch.Generator, noise: torch.Generator) -> Subject:
        train, test = data.images.train, data.images.test
        fitted = torch.cat([data.continuous(train, noise) for _ in range(_PASSES)])
        held_out = [data.continuous(test, noise) for _ in range(_PASSES)]
        ppm = self._wrapped(model, fitted)
        indices = batches(len(train), self.training.batch_size, self.training.shuffle, order)

        def loss(step: int) -> Tensor:
            return ppm.phi(data.continuous(train[next(indices)], noise)).mean()

        def score(generator: torch.Generator) -> HeldOut:
            simple = _gaussian(fitted)
            kind = Kind.UPPER if data.levels else Kind.UNBIASED

            def of(name: str, phi: Callable[[Tensor], Tensor]) -> Score:
                return Score.over(name, torch.stack([phi(x) for x in held_out]).mean(0) + data.cell, kind)

            found, gaussian = of(self.name, ppm.phi), of(BASELINE, lambda x: -simple.log_prob(x.double()))
            return HeldOut("negative log-likelihood of held-out images", "nat per image", found, gaussian, len(test))

        told = {"levels": data.levels, "dequantisation": "uniform" if data.levels else None}
        return Subject(ppm, loss, score, held_out[0][:_SHOWN], gallery={"shape": data.images.shape}, attributes=told)

    def _wrapped(self, model: nn.Module, fitted: Tensor) -> Flow:
        bare = Flow(model)
        x = bare.sample(2, torch.Generator(bare.device).manual_seed(0))
        if x.shape != (2, fitted.shape[1]):
            raise SpecError(
                f"the flow's samples are shaped {tuple(x.shape[1:])} and the data {self.data!r} has"
                f" {fitted.shape[1]} features: set model.features to {fitted.shape[1]}."
            )
        return Flow(standardised(model, fitted))


def _gaussian(fitted: Tensor) -> MultivariateNormal:
    """Mean and covariance of maximum likelihood; a trace of noise where a feature never changes."""
    values = fitted.double()
    covariance = torch.cov(values.T, correction=0)
    return MultivariateNormal(values.mean(0), covariance + 1e-9 * torch.eye(len(covariance), device=values.device))


def flow(data: str = "digits") -> FlowRun:
    """Splines by coupling on images, by all features before each in the plane.

    Affine steps would learn images too, but a few of their samples lie so far out that float32 cannot evaluate them
    (docs/flows.md).

    Raises:
        SpecError: if there are no settings for ``data``.
    """
    if data in PLANES:
        return FlowRun(
            factory("flows:spline", features=2, transforms=3, hidden=[64, 64], coupling=False),
            data,
            Training(AdamW(lr=2e-3, weight_decay=0.0), batch_size=256, steps=1000, schedule=Cosine(warmup=50)),
            gallery=256,
            threads=1,
        )
    features = pixels_of("flow", data, PLANES)
    return FlowRun(
        factory("flows:spline", features=features, transforms=4, hidden=[64, 64], bins=4),
        data,
        Training(AdamW(lr=1e-3, weight_decay=1.0), batch_size=100, steps=500, schedule=Cosine(warmup=50)),
        every=5,
        gallery=64,
        threads=1,
    )
