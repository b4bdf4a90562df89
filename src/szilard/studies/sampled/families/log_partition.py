"""``ln Z`` of a trained energy, so that its held-out likelihood is known: a sum in the plane, annealing beyond."""

from __future__ import annotations

import torch

from szilard.models import EnergyBased
from szilard.samplers import anneal, geometric_bridge
from szilard.studies.sampled.families.gaussian import Gaussian

_GRID, _WIDE = 500, 6.0
"""Points of the grid each way; its half width, in standard deviations of the data."""


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
