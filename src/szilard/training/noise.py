"""Langevin noise: what ``SGD(noise=ν)`` adds to every parameter after each step."""

from __future__ import annotations

import math
from typing import final

import torch
from torch import nn


@final
class Kicks:
    """``θ ← θ + N(0, ν I)``.

    Args:
        variance: ν, of each component.
        generator: on the CPU, so that a run is the same on every device.
    """

    def __init__(self, variance: float, generator: torch.Generator) -> None:
        self._sigma = math.sqrt(variance)
        self._generator = generator

    @torch.no_grad()
    def add_to(self, model: nn.Module) -> None:
        """One kick to every parameter; nothing where ν is 0."""
        if self._sigma == 0:
            return
        for parameter in model.parameters():
            kick = torch.randn(parameter.shape, generator=self._generator, dtype=parameter.dtype)
            parameter.add_(kick.to(parameter.device), alpha=self._sigma)
