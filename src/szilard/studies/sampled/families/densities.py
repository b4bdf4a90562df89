"""Densities that are known: data whose truth is no secret, and the Gaussian from which energies begin."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self, final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.errors import SpecError, nearest
from szilard.models import EnergyBased
from szilard.samplers import anneal, geometric_bridge

_GRID, _EDGE = 600, 6.0
GAUSSIAN = "Gaussian of full covariance"
"""What scores call it."""
_RIDGE = 1e-3
"""Share of the mean variance that is added in every direction, so that constant pixels do no harm."""
_POINTS, _WIDE = 500, 6.0
"""Points of the grid each way; its half width, in standard deviations of the data."""


@final
@dataclass(frozen=True, slots=True)
class Plane:
    """A density in the plane.

    Attributes:
        name: what a spec calls it.
        draw: ``(count, generator) -> x``.
        log_density: ``ln p*(x)`` in nats; −inf outside of the support.
        entropy: H(p*) in nats.
    """

    name: str
    draw: Callable[[int, torch.Generator], Float[Tensor, "count 2"]]
    log_density: Callable[[Float[Tensor, "count 2"]], Float[Tensor, " count"]]
    entropy: float


def plane(name: str) -> Plane:
    """A density by its name: ``ring`` (eight normals), ``circles`` (two of them) or ``checkerboard``.

    Raises:
        SpecError: if there is none.

    Example:
        >>> round(plane("checkerboard").entropy, 6) == round(math.log(8), 6)
        True
    """
    if name not in PLANES:
        raise SpecError(f"there is no density {name!r}: {nearest(name, PLANES)}")
    return PLANES[name]()


def _ring() -> Plane:
    """Eight equal normals of standard deviation 0.2 on a circle of radius 2."""
    angles = torch.arange(8, dtype=torch.float64) * (math.pi / 4)
    centres, scale = 2 * torch.stack([angles.cos(), angles.sin()], 1), 0.2

    def draw(count: int, generator: torch.Generator) -> Tensor:
        chosen = torch.randint(len(centres), (count,), generator=generator)
        return centres[chosen].float() + scale * torch.randn(count, 2, generator=generator)

    def log_density(x: Tensor) -> Tensor:
        squares = ((x.double().unsqueeze(1) - centres) / scale).square().sum(-1)
        return torch.logsumexp(-squares / 2, 1) - math.log(len(centres) * 2 * math.pi * scale**2)

    return Plane("ring", draw, log_density, _entropy(log_density))


def _circles() -> Plane:
    """Two circles of radii 1 and 2.5, equally likely; the radius is normal with standard deviation 0.15."""
    radii, scale = torch.tensor([1.0, 2.5], dtype=torch.float64), 0.15

    def draw(count: int, generator: torch.Generator) -> Tensor:
        mean = radii[torch.randint(2, (count,), generator=generator)].float()
        radius = mean + scale * torch.randn(count, generator=generator)
        angle = 2 * math.pi * torch.rand(count, generator=generator)
        return radius.unsqueeze(1) * torch.stack([angle.cos(), angle.sin()], 1)

    def log_density(x: Tensor) -> Tensor:
        # the density of the radius (a negative one, 7 standard deviations off, is left out) over the circle's length
        radius = x.double().norm(dim=1).clamp(min=1e-12)
        squares = ((radius.unsqueeze(1) - radii) / scale).square()
        normal = torch.logsumexp(-squares / 2, 1) - math.log(2 * math.sqrt(2 * math.pi) * scale)
        return normal - torch.log(2 * math.pi * radius)

    return Plane("circles", draw, log_density, _entropy(log_density))


def _checkerboard() -> Plane:
    """Uniform on the eight dark squares of a board of 4 × 4 unit squares."""

    def draw(count: int, generator: torch.Generator) -> Tensor:
        column = torch.randint(4, (count,), generator=generator)
        row = 2 * torch.randint(2, (count,), generator=generator) + column % 2
        corner = torch.stack([column, row], 1) - 2.0
        return corner + torch.rand(count, 2, generator=generator)

    def log_density(x: Tensor) -> Tensor:
        column, row = (x.double() + 2).floor().unbind(1)
        dark = ((column + row) % 2 == 0) & (x.abs() <= 2).all(1)
        return torch.where(dark, -math.log(8.0), -math.inf).double()

    return Plane("checkerboard", draw, log_density, math.log(8))


def _entropy(log_density: Callable[[Tensor], Tensor]) -> float:
    """``−∫ p ln p`` over a square of the plane, by a sum whose error is below 1e-9 for the densities above."""
    axis = (torch.arange(_GRID, dtype=torch.float64) + 0.5) * (2 * _EDGE / _GRID) - _EDGE
    total = 0.0
    for rows in axis.split(100):
        value = log_density(torch.cartesian_prod(rows, axis))
        total -= float((value.exp() * value).sum()) * (2 * _EDGE / _GRID) ** 2
    return total


PLANES: dict[str, Callable[[], Plane]] = {"ring": _ring, "circles": _circles, "checkerboard": _checkerboard}
"""By name."""


TWO_MODES = "two-modes"
"""What a spec calls :class:`Modes`."""


@final
@dataclass(frozen=True, slots=True)
class Modes:
    """A mixture of two Gaussians of unit width, ``2·distance`` apart along the first coordinate.

    Chains cannot learn the masses of its modes by walking from one to the other.
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
        """Independent samples of p*, as float32 on the CPU."""
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
    axis = ((torch.arange(_POINTS, dtype=torch.float64) + 0.5) / _POINTS * 2 - 1) * _WIDE
    parts = []
    for rows in axis.split(50):
        z = torch.cartesian_prod(rows, axis).to(reference.mean)
        parts.append(torch.logsumexp(-ppm.energy(reference.mean + z @ reference.factor.T), 0))
    cell = (
        2 * torch.log(torch.tensor(2 * _WIDE / _POINTS, dtype=torch.float64)) + reference.factor.diagonal().log().sum()
    )
    return float(torch.logsumexp(torch.stack(parts), 0) + cell)


def annealed(
    ppm: EnergyBased, reference: Gaussian, stages: int, chains: int, generator: torch.Generator
) -> tuple[float, float]:
    """``ln Z`` by annealed importance sampling from the Gaussian, and its standard error."""
    bridge = geometric_bridge(reference.energy, ppm.energy, ppm.kernel, stages)
    found = anneal(bridge, reference.draw(chains, generator), generator)
    return reference.log_normaliser + found.log_ratio, found.error
