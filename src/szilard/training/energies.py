"""Networks that specs name as ``energies:…``: each gives an energy to each state, and begins as a law that is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import final

import torch
from torch import Tensor, nn

from szilard.errors import SpecError, nearest
from szilard.training.nets import ACTIVATIONS


@final
class TiltedGaussian(nn.Module):
    """``E(x) = ½|z|² + f(z)`` with ``z = L⁻¹(x − m)``: a Gaussian tilted by a network.

    The network's last layer begins at 0, so that the model begins as the very Gaussian (:meth:`begin_at`; at first that
    of zero mean and unit covariance): its samples and its ``ln Z`` are known there. The network grows at most linearly,
    so that Z is finite throughout.

    Args:
        dimension: of a flattened state.
        widths: of the network's hidden layers.
        activation: between them: ``silu``, ``gelu``, ``tanh`` or ``relu``.

    Raises:
        SpecError: for widths that are not positive or an activation that there is not.

    Example:
        >>> import torch
        >>> model = TiltedGaussian(2, [16])
        >>> model.begin_at(mean=torch.ones(2), factor=2 * torch.eye(2))
        >>> model(torch.tensor([[1.0, 1.0], [1.0, 5.0]])).tolist()
        [0.0, 2.0]
    """

    mean: Tensor
    factor: Tensor
    inverse: Tensor

    def __init__(self, dimension: int, widths: Sequence[int], activation: str = "silu") -> None:
        super().__init__()
        if dimension < 1 or not widths or min(widths) < 1:
            raise SpecError(
                f"an energy of {dimension} dimensions needs positive widths, not {list(widths)}: give some."
            )
        if activation not in ACTIVATIONS:
            raise SpecError(f"there is no activation {activation!r}: {nearest(activation, ACTIVATIONS)}")
        self.register_buffer("mean", torch.zeros(dimension))
        self.register_buffer("factor", torch.eye(dimension))
        self.register_buffer("inverse", torch.eye(dimension))
        layers: list[nn.Module] = []
        for fan_in, fan_out in pairwise([dimension, *widths]):
            layers += [nn.Linear(fan_in, fan_out), ACTIVATIONS[activation]()]
        last = nn.Linear(widths[-1], 1, bias=False)
        nn.init.zeros_(last.weight)
        self.tilt = nn.Sequential(*layers, last)

    def forward(self, x: Tensor) -> Tensor:
        """The energy of each state, in nats, shaped ``(count,)``."""
        z = self.whitened(x)
        return z.square().sum(1) / 2 + self.tilt(z).squeeze(1)

    def whitened(self, x: Tensor) -> Tensor:
        """``z = L⁻¹(x − m)`` of each flattened state, shaped ``(count, features)``."""
        return (x.flatten(1) - self.mean) @ self.inverse.T

    @torch.no_grad()
    def begin_at(self, mean: Tensor, factor: Tensor) -> None:
        """Sets the Gaussian: its mean, and the lower triangular L of its covariance ``L Lᵀ``."""
        self.mean.copy_(mean)
        self.factor.copy_(factor)
        self.inverse.copy_(torch.linalg.inv(factor.double()))


@final
class TwoModes(nn.Module):
    """``E(x) = −ln(e^{−|x−a|²/2} + e^{−|x−b|²/2 − z})``: two Gaussians of unit width; distance and masses are learned.

    The model of Carbone et al. (arXiv 2305.19414, section 4): ``Z = (2π)^{d/2}(1 + e^{−z})`` is known, the second
    mode's mass is ``1/(1 + e^z)``, and chains that cannot cross between modes that have moved apart teach z nothing.

    Args:
        dimension: d.
        scale: standard deviation of a and b at first; z begins at 0.

    Example:
        >>> model = TwoModes(3)
        >>> model.mass, round(model.log_normaliser(), 3)
        (0.5, 3.45)
    """

    def __init__(self, dimension: int, scale: float = 0.1) -> None:
        super().__init__()
        if dimension < 1:
            raise SpecError(f"a model of {dimension} dimensions: give at least 1.")
        self.first = nn.Parameter(scale * torch.randn(dimension))
        self.second = nn.Parameter(scale * torch.randn(dimension))
        self.log_odds = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """The energy of each state, in nats, shaped ``(count,)``."""
        return -torch.logaddexp(
            -(x - self.first).square().sum(1) / 2, -(x - self.second).square().sum(1) / 2 - self.log_odds
        )

    @property
    def mass(self) -> float:
        """Probability of the second mode, ``σ(−z)``, between 0 and 1."""
        return float(torch.sigmoid(-self.log_odds.detach()))

    def log_normaliser(self) -> float:
        """``ln Z = (d/2) ln 2π + ln(1 + e^{−z})``, exact."""
        odds = nn.functional.softplus(-self.log_odds.detach().double())
        return len(self.first) / 2 * math.log(2 * math.pi) + float(odds)

    @torch.no_grad()
    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """``count`` independent exact samples, shaped ``(count, d)``."""
        like = self.first
        chosen = torch.rand(count, 1, generator=generator, device=generator.device).to(like.device) < self.mass
        noise = torch.randn(count, len(like), generator=generator, device=generator.device, dtype=like.dtype)
        return torch.where(chosen, self.second, self.first) + noise.to(like.device)

    @torch.no_grad()
    def in_second(self, x: Tensor) -> Tensor:
        """Which states are nearer to the second mode's centre than to the first's."""
        return (x - self.second).square().sum(1) < (x - self.first).square().sum(1)
