"""The Gaussian of full covariance: where energies begin, the bridge's first end, and a baseline."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self, final

import torch
from jaxtyping import Float
from torch import Tensor

_RIDGE = 1e-3
"""Share of the mean variance that is added in every direction, so that constant pixels do no harm."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Gaussian:
    """``N(mean, L Lᵀ)`` on flat states.

    Attributes:
        mean: m.
        factor: L, lower triangular.
        inverse: its inverse.
    """

    mean: Float[Tensor, " dimension"]
    factor: Float[Tensor, "dimension dimension"]
    inverse: Float[Tensor, "dimension dimension"]

    @classmethod
    def of(cls, data: Float[Tensor, "examples dimension"]) -> Self:
        """Mean and covariance of data, with a small ridge on the diagonal."""
        rows = data.double()
        covariance = torch.cov(rows.T, correction=0)
        covariance += _RIDGE * covariance.diagonal().mean() * torch.eye(len(covariance), device=covariance.device)
        factor = torch.linalg.cholesky(covariance)
        return cls(*(each.to(data.dtype) for each in (rows.mean(0), factor, torch.linalg.inv(factor))))

    @property
    def log_normaliser(self) -> float:
        """``(d/2) ln 2π + ln det L``."""
        return len(self.mean) / 2 * math.log(2 * math.pi) - float(self.inverse.diagonal().double().log().sum())

    def energy(self, x: Float[Tensor, "count dimension"]) -> Float[Tensor, " count"]:
        """``½|L⁻¹(x − m)|²`` in float64."""
        return ((x - self.mean) @ self.inverse.T).double().square().sum(1) / 2

    def draw(self, count: int, generator: torch.Generator) -> Float[Tensor, "count dimension"]:
        """Independent samples."""
        shape = (count, len(self.mean))
        z = torch.randn(shape, generator=generator, device=generator.device, dtype=self.mean.dtype)
        return self.mean + z.to(self.mean.device) @ self.factor.T
