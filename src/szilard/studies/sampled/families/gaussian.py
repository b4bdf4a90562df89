"""The Gaussian of full covariance: where energies begin, a baseline, and what ``ln Z`` is measured from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self, final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.models import EnergyBased
from szilard.samplers import anneal, geometric_bridge

GAUSSIAN = "Gaussian of full covariance"
"""What scores call it."""
_RIDGE = 1e-3
"""Share of the mean variance that is added in every direction, so that constant pixels do no harm."""
_GRID, _WIDE = 500, 6.0
"""Points of the grid each way; its half width, in standard deviations of the data."""


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
        """``ln Z = (d/2) ln 2π + ln det L``, in nats."""
        return len(self.mean) / 2 * math.log(2 * math.pi) - float(self.inverse.diagonal().double().log().sum())

    def energy(self, x: Float[Tensor, "count dimension"]) -> Float[Tensor, " count"]:
        """``½|L⁻¹(x − m)|²`` of each x, in nats, in float64."""
        return ((x - self.mean) @ self.inverse.T).double().square().sum(1) / 2

    def draw(self, count: int, generator: torch.Generator) -> Float[Tensor, "count dimension"]:
        """Independent samples, drawn by the generator and put on the device of the mean."""
        shape = (count, len(self.mean))
        z = torch.randn(shape, generator=generator, device=generator.device, dtype=self.mean.dtype)
        return self.mean + z.to(self.mean.device) @ self.factor.T


@torch.no_grad()
def summed(ppm: EnergyBased, reference: Gaussian) -> float:
    """``ln Σ e^{−E} Δx`` over a square grid in the plane, in coordinates in which the data are round."""
    axis = ((torch.arange(_GRID, dtype=torch.float64) + 0.5) / _GRID * 2 - 1) * _WIDE
    parts = []
    for rows in axis.split(50):
        z = torch.cartesian_prod(rows, axis).to(reference.mean)
        parts.append(torch.logsumexp(-ppm.energy(reference.mean + z @ reference.factor.T), 0))
    cell = 2 * torch.log(torch.tensor(2 * _WIDE / _GRID, dtype=torch.float64)) + reference.factor.diagonal().log().sum()
    return float(torch.logsumexp(torch.stack(parts), 0) + cell)


def annealed(
    ppm: EnergyBased, reference: Gaussian, stages: int, chains: int, generator: torch.Generator
) -> tuple[float, float]:
    """``ln Z`` by annealed importance sampling from the Gaussian, and its standard error."""
    bridge = geometric_bridge(reference.energy, ppm.energy, ppm.kernel, stages)
    found = anneal(bridge, reference.draw(chains, generator), generator)
    return reference.log_normaliser + found.log_ratio, found.error
