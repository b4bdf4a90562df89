"""What all families have in common once their capability is known: draw, and evaluate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, final

import torch
from jaxtyping import Float
from torch import Tensor


@final
@dataclass(frozen=True, slots=True)
class ModelSamples:
    """Samples of a model.

    Attributes:
        x: first dimension ``count``.
        z: the latent variables that they came with, where there are any.
    """

    x: Tensor
    z: Tensor | None = None


class Source(Protocol):
    """Samples of the model as it stands, and φ of the model as it stands at given samples.

    Called inside :func:`szilard.models.evaluation.undisturbed`.
    """

    @property
    def normalised(self) -> bool:
        """Whether :meth:`phi` is −ln p; otherwise it is an energy, ln Z left out."""

    @property
    def exact(self) -> bool:
        """Whether samples are exact, independent draws and φ is no bound."""

    def draw(self, count: int) -> ModelSamples:
        """``count`` samples, first dimension ``count``; a chain's source goes on from where it was."""

    def phi(self, x: Tensor) -> Float[Tensor, " count"]:
        """φ (or the energy) of each sample in nats, float64."""

    def law(self, drawn: ModelSamples) -> Float[Tensor, " count"]:
        """φ of x and z together, exact; the same as :meth:`phi` where there is no z."""

    def size(self, x: Tensor) -> Float[Tensor, ""]:
        """Dimensions of x, or tokens of the horizon: what a quantity per dimension or token is divided by."""

    def restart(self) -> None:
        """The next samples come from the same random numbers as the first ones; chains go on instead."""


def dimensions(x: Tensor) -> Float[Tensor, ""]:
    """Numbers in one sample, as a tensor on the samples' device."""
    return torch.ones((), dtype=torch.float64, device=x.device) * x[0].numel()
