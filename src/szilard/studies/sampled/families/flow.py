"""The named run ``flow``: a normalizing flow learns images, or a density in the plane that is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn
from torch.distributions import MultivariateNormal

from szilard.errors import SpecError
from szilard.models import Flow
from szilard.studies.sampled.families.continuous import FITTED, KNOWN, ContinuousData
from szilard.studies.sampled.families.densities import GAUSSIAN, PLANES, Plane, plane
from szilard.studies.sampled.families.images import dequantised, pixels_of
from szilard.studies.sampled.spec import FamilySpec
from szilard.studies.sampled.subject import HeldOut, Subject
from szilard.training import AdamW, Cosine, Training, factory, streams
from szilard.training.flows import standardised


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
        """The same with a fifth of the training steps."""
        return self.with_steps(max(60, self.training.steps // 5))

    def load_data(self) -> Any:
        """A :class:`~szilard.studies.sampled.families.densities.Plane` by its name, or a data set."""
        return plane(self.data) if isinstance(self.data, str) and self.data in PLANES else super().load_data()

    def begin(self, model: nn.Module, data: Any, device: torch.device) -> Subject:
        """The flow in units of the data, its likelihood as loss, and its score; see the base."""
        points = self._points(data, device)
        ppm = self._wrapped(model, points.fitted)

        def loss(step: int) -> Tensor:
            return ppm.phi(points.batch()).mean()

        def score(generator: torch.Generator) -> HeldOut:
            simple = _gaussian(points.fitted)
            baseline = points.score(GAUSSIAN, lambda x: -simple.log_prob(x.double()))
            return points.compared(points.score(self.name, ppm.phi), baseline)

        return Subject(
            ppm,
            loss,
            score,
            points.examples,
            gallery=points.gallery,
            model_space=points.space,
            attributes={**points.attributes, **points.space},
        )

    def _points(self, data: Any, device: torch.device) -> ContinuousData:
        order = streams.generator_of(self.seed, streams.ORDER)
        noise = streams.generator_of(self.seed, streams.DEQUANTISATION)
        if not isinstance(data, Plane):
            images = dequantised(data, device, self.held_out, self.levels)
            return ContinuousData.of_images(images, self.training, order, noise)
        return ContinuousData(
            fitted=data.draw(FITTED, noise).to(device),
            batch=lambda: data.draw(self.training.batch_size, order).to(device),
            held_out=[data.draw(self.held_out or KNOWN, noise).to(device)],
            entropy=data.entropy,
        )

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
