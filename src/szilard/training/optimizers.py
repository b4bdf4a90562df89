"""The optimisers a spec can name: settings that build their counterparts of ``torch.optim``, and Langevin noise.

Learning-rate schedules: what the optimiser's learning rate is multiplied by at each step.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import nn

from szilard.settings import Settings


@dataclass(frozen=True)
class SGD(Settings):
    """Stochastic gradient descent, as ``torch.optim.SGD``.

    Attributes:
        lr: learning rate.
        momentum: heavy-ball coefficient, from 0 to below 1.
        nesterov: look ahead along the momentum, which must then be positive.
        weight_decay: strength of the quadratic penalty.
        noise: ν, variance of the Gaussian noise added to every parameter after each step (Langevin dynamics).

    Example:
        >>> SGD(lr=0.1).as_table()
        {'kind': 'sgd', 'lr': 0.1, 'momentum': 0.0, 'nesterov': False, 'weight_decay': 0.0, 'noise': 0.0}
    """

    kind: ClassVar[str] = "sgd"
    lr: float = 0.1
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0
    noise: float = 0.0

    def check(self) -> None:
        self.require("lr", self.lr >= 0, "at least 0")
        self.require("momentum", 0 <= self.momentum < 1, "from 0 to below 1")
        self.require("weight_decay", self.weight_decay >= 0, "at least 0")
        self.require("noise", self.noise >= 0, "at least 0")
        self.require("nesterov", not self.nesterov or self.momentum > 0, "false where there is no momentum")

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """A ``torch.optim.SGD`` with these settings over ``parameters``."""
        return torch.optim.SGD(
            parameters, self.lr, momentum=self.momentum, nesterov=self.nesterov, weight_decay=self.weight_decay
        )


@dataclass(frozen=True)
class _Adaptive(Settings):
    """What Adam and AdamW share.

    Attributes:
        lr: learning rate.
        betas: decay of the two moments, each from 0 to below 1.
        eps: added to the root of the second moment.
        weight_decay: strength of the penalty or decay.
    """

    lr: float = 1e-3
    betas: tuple[float, ...] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0

    def check(self) -> None:
        self.require("lr", self.lr >= 0, "at least 0")
        self.require(
            "betas", len(self.betas) == 2 and all(0 <= beta < 1 for beta in self.betas), "two from 0 to below 1"
        )
        self.require("eps", self.eps > 0, "positive")
        self.require("weight_decay", self.weight_decay >= 0, "at least 0")


@dataclass(frozen=True)
class Adam(_Adaptive):
    """Adam, as ``torch.optim.Adam``: ``weight_decay`` is a quadratic penalty in the gradient."""

    kind: ClassVar[str] = "adam"

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """A ``torch.optim.Adam`` with these settings over ``parameters``."""
        betas = (self.betas[0], self.betas[1])
        return torch.optim.Adam(parameters, self.lr, betas, self.eps, self.weight_decay)


@dataclass(frozen=True)
class AdamW(_Adaptive):
    """AdamW, as ``torch.optim.AdamW``: ``weight_decay`` shrinks the parameters beside the gradient step."""

    kind: ClassVar[str] = "adamw"
    weight_decay: float = 0.01

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """A ``torch.optim.AdamW`` with these settings over ``parameters``."""
        betas = (self.betas[0], self.betas[1])
        return torch.optim.AdamW(parameters, self.lr, betas, self.eps, self.weight_decay)


@final
class LangevinNoise:
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


@dataclass(frozen=True)
class Cosine(Settings):
    """A linear rise over ``warmup`` steps, then half a cosine from 1 down to ``final``.

    Example:
        >>> [round(Cosine(warmup=2).multiplier(step, 6), 3) for step in range(6)]
        [0.5, 1.0, 1.0, 0.854, 0.5, 0.146]
    """

    kind: ClassVar[str] = "cosine"
    final: float = 0.0
    warmup: int = 0

    def check(self) -> None:
        self.require("final", self.final >= 0, "at least 0")
        self.require("warmup", self.warmup >= 0, "at least 0")

    def multiplier(self, step: int, steps: int) -> float:
        """The factor at ``step`` (from 0) of ``steps``."""
        if step < self.warmup:
            return (step + 1) / self.warmup
        done = (step - self.warmup) / max(1, steps - self.warmup)
        return self.final + (1 - self.final) * (1 + math.cos(math.pi * min(1.0, done))) / 2


@dataclass(frozen=True)
class Decay(Settings):
    """A drop by ``factor`` at each of the steps ``at``.

    Example:
        >>> [Decay(at=(2, 3), factor=0.5).multiplier(step, 5) for step in range(5)]
        [1.0, 1.0, 0.5, 0.25, 0.25]
    """

    kind: ClassVar[str] = "decay"
    at: tuple[int, ...]
    factor: float = 0.1

    def check(self) -> None:
        self.require("at", list(self.at) == sorted({step for step in self.at if step > 0}), "rising positive steps")
        self.require("factor", self.factor > 0, "positive")

    def multiplier(self, step: int, steps: int) -> float:
        """The factor at ``step`` (from 0) of ``steps``."""
        return self.factor ** sum(step >= at for at in self.at)
