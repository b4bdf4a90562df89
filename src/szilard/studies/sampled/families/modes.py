"""Two Gaussians far apart: data whose mode masses chains cannot learn by walking from one to the other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor


@final
@dataclass(frozen=True, slots=True)
class Modes:
    """A mixture of two Gaussians of unit width, ``2·distance`` apart along the first coordinate.

    After Carbone et al. (arXiv 2305.19414, section 4), in 50 dimensions.

    Attributes:
        dimension: d.
        distance: of each centre from the origin.
        mass: of the second mode.
        name: what a spec calls it.
    """

    dimension: int = 50
    distance: float = 4.0
    mass: float = 0.25
    name: str = "two-modes"

    def draw(self, count: int, generator: torch.Generator) -> Float[Tensor, "count dimension"]:
        """Independent samples."""
        second = torch.rand(count, generator=generator) < self.mass
        x = torch.randn(count, self.dimension, generator=generator)
        x[:, 0] += torch.where(second, self.distance, -self.distance)
        return x

    def log_density(self, x: Float[Tensor, "count dimension"]) -> Float[Tensor, " count"]:
        """``ln p*(x)`` in nats, in float64."""
        x = x.double()
        rest = x[:, 1:].square().sum(1)
        first, second = ((x[:, 0] - sign * self.distance).square() for sign in (-1, 1))
        terms = torch.stack([math.log(1 - self.mass) - first / 2, math.log(self.mass) - second / 2])
        return torch.logsumexp(terms, 0) - (rest + self.dimension * math.log(2 * math.pi)) / 2

    @property
    def entropy(self) -> float:
        """H(p*) in nats, the modes' overlap left out (below 1e-3 from a distance of 4)."""
        binary = -self.mass * math.log(self.mass) - (1 - self.mass) * math.log(1 - self.mass)
        return self.dimension / 2 * math.log(2 * math.pi * math.e) + binary


TWO_MODES = "two-modes"
