"""Ways for a categorical distribution to move from ``start`` to ``target``: mixture, great circle, gradient descent."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.systems.base import require


class Path(Protocol):
    """A protocol of n steps: φ at every point, for each member."""

    def walk(
        self,
        start: Float[Tensor, " outcomes"],
        target: Float[Tensor, " outcomes"],
        steps: int,
        members: int,
        generator: torch.Generator,
    ) -> Float[Tensor, "members points outcomes"]:
        """φ = −ln p along the path, ``steps + 1`` points from ``start``."""
        ...


@dataclass(frozen=True)
class MixturePath:
    """``p_t = f + (p_0 − f) ρ^t``: the distance to the target decays geometrically.

    Args:
        remainder: ρⁿ, the share of the initial distance left at the end.
    """

    remainder: float = 1e-6

    def __post_init__(self) -> None:
        require(
            0 < self.remainder <= 1,
            f"remainder is {self.remainder}: give the share of the distance left at the end, above 0 and at most 1.",
        )

    def walk(
        self,
        start: Float[Tensor, " outcomes"],
        target: Float[Tensor, " outcomes"],
        steps: int,
        members: int,
        generator: torch.Generator,
    ) -> Float[Tensor, "members points outcomes"]:
        """The same path of parameters for every member."""
        left = self.remainder ** (torch.arange(steps + 1, dtype=torch.float64)[:, None] / max(steps, 1))
        return -torch.log(target + (start - target) * left).expand(members, -1, -1)


@dataclass(frozen=True)
class GreatCirclePath:
    """The geodesic at constant speed: √p moves along the great circle, all steps of equal length."""

    def walk(
        self,
        start: Float[Tensor, " outcomes"],
        target: Float[Tensor, " outcomes"],
        steps: int,
        members: int,
        generator: torch.Generator,
    ) -> Float[Tensor, "members points outcomes"]:
        """The same path of parameters for every member."""
        chord = (start.sqrt() - target.sqrt()).square().sum().sqrt()
        angle = 2 * math.asin(min(0.5 * float(chord), 1.0))
        share = torch.arange(steps + 1, dtype=torch.float64)[:, None] / max(steps, 1)
        if angle == 0:
            return -torch.log(start).expand(members, steps + 1, -1)
        root = torch.sin((1 - share) * angle) * start.sqrt() + torch.sin(share * angle) * target.sqrt()
        return -2 * torch.log(root / math.sin(angle)).expand(members, -1, -1)


@dataclass(frozen=True)
class DescentPath:
    """Softmax logits under SGD on the cross-entropy of minibatches drawn from the target: ``l ← l + r(counts/m − p)``.

    Args:
        rate: r, the learning rate.
        batch_size: m, outcomes drawn from the target for each step.
    """

    rate: float = 0.5
    batch_size: int = 16

    def __post_init__(self) -> None:
        require(
            math.isfinite(self.rate) and self.rate > 0, f"rate is {self.rate}: give a finite learning rate above 0."
        )
        require(
            isinstance(self.batch_size, int) and self.batch_size >= 1,
            f"batch_size is {self.batch_size!r}: give a whole number of outcomes per step, 1 or more.",
        )

    def walk(
        self,
        start: Float[Tensor, " outcomes"],
        target: Float[Tensor, " outcomes"],
        steps: int,
        members: int,
        generator: torch.Generator,
    ) -> Float[Tensor, "members points outcomes"]:
        """A path of its own, with batches of its own, for every member."""
        logits = torch.log(start).expand(members, -1)
        path = [-torch.log_softmax(logits, -1)]
        for _ in range(steps):
            batch = torch.multinomial(target.expand(members, -1), self.batch_size, True, generator=generator)
            counts = torch.zeros_like(logits).scatter_add_(-1, batch, torch.ones(batch.shape, dtype=logits.dtype))
            logits = logits + self.rate * (counts / self.batch_size - torch.exp(-path[-1]))
            path.append(-torch.log_softmax(logits, -1))
        return torch.stack(path, -2)
