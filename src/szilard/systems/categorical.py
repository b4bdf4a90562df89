"""A categorical distribution that moves along a path from ``start`` to ``target``, with every number by summation.

The paths are a mixture, a great circle and gradient descent; the sums are in 40-digit decimal arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from szilard.systems.base import System, require, require_steps
from szilard.systems.decimal_sums import ledger_of

Walk = Float[Tensor, "members points outcomes"]
Outcomes = Float[Tensor, " outcomes"]


class Path(Protocol):
    """A protocol of n steps: φ at every point, for each member."""

    def walk(self, start: Outcomes, target: Outcomes, steps: int, members: int, generator: torch.Generator) -> Walk:
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

    def walk(self, start: Outcomes, target: Outcomes, steps: int, members: int, generator: torch.Generator) -> Walk:
        """The same path of parameters for every member."""
        left = self.remainder ** (torch.arange(steps + 1, dtype=torch.float64)[:, None] / max(steps, 1))
        return -torch.log(target + (start - target) * left).expand(members, -1, -1)


@dataclass(frozen=True)
class GreatCirclePath:
    """The geodesic at constant speed: √p moves along the great circle, all steps of equal length."""

    def walk(self, start: Outcomes, target: Outcomes, steps: int, members: int, generator: torch.Generator) -> Walk:
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

    def walk(self, start: Outcomes, target: Outcomes, steps: int, members: int, generator: torch.Generator) -> Walk:
        """A path of its own, with batches of its own, for every member."""
        logits = torch.log(start).expand(members, -1)
        path = [-torch.log_softmax(logits, -1)]
        for _ in range(steps):
            batch = torch.multinomial(target.expand(members, -1), self.batch_size, True, generator=generator)
            counts = torch.zeros_like(logits).scatter_add_(-1, batch, torch.ones(batch.shape, dtype=logits.dtype))
            logits = logits + self.rate * (counts / self.batch_size - torch.exp(-path[-1]))
            path.append(-torch.log_softmax(logits, -1))
        return torch.stack(path, -2)


@dataclass(frozen=True)
class Categorical(System):
    """``p_θ(x) = e^{−φ_x}`` over C outcomes; the parameters are the C values of φ themselves.

    Args:
        target: f, the distribution that is learned; positive, sums to 1.
        start: p_0, where the path begins; uniform by default.
        path: how p moves: :class:`~szilard.systems.MixturePath`, :class:`~szilard.systems.GreatCirclePath` or
            :class:`~szilard.systems.DescentPath` (SGD).

    Raises:
        SpecError: for what is no distribution over the same outcomes.

    Example:
        >>> system = Categorical(target=(0.6, 0.3, 0.1), path=MixturePath(remainder=1e-6))
        >>> round(system.exact(steps=5)["work"], 6)
        0.203009
    """

    target: tuple[float, ...]
    start: tuple[float, ...] | None = None
    path: Path = field(default_factory=MixturePath)

    def __post_init__(self) -> None:
        start = (1 / len(self.target),) * len(self.target) if self.start is None else self.start
        for name, values in (("target", self.target), ("start", start)):
            require(len(values) >= 2, f"{name} has {len(values)} outcomes: give at least 2.")
            require(
                all(math.isfinite(value) and value > 0 for value in values),
                f"{name} holds a probability that is not above 0: give every outcome a positive share.",
            )
            require(
                abs(math.fsum(values) - 1) < 1e-9,
                f"{name} sums to {math.fsum(values):.9g}: give probabilities that sum to 1.",
            )
        require(
            len(start) == len(self.target),
            f"start has {len(start)} outcomes and target {len(self.target)}: give both over the same outcomes.",
        )

    @classmethod
    def random(
        cls, outcomes: int = 50, *, concentration: float = 0.5, path: Path | None = None, seed: int = 0
    ) -> Categorical:
        """A target drawn from a symmetric Dirichlet distribution, learned from uniform; by SGD unless told otherwise.

        Raises:
            SpecError: for fewer than two outcomes or a concentration that is not positive.
        """
        require(outcomes >= 2, f"outcomes is {outcomes}: give at least 2.")
        require(concentration > 0, f"concentration is {concentration}: give a number above 0.")
        target = np.random.default_rng(seed).dirichlet([concentration] * outcomes)
        return cls(tuple(target.tolist()), path=DescentPath() if path is None else path)

    # Protocol

    def simulate(
        self, steps: int, *, members: int | None = None, seed: int = 0
    ) -> Float[Tensor, "*members points outcomes"]:
        """φ along the path; the seed draws the batches of SGD, the other paths have no noise."""
        require_steps(steps)
        count = 1 if members is None else members
        require(count >= 1, f"members is {members}: give a whole number, 1 or more.")
        target = torch.tensor(self.target, dtype=torch.float64)
        start = (
            torch.full_like(target, 1 / len(self.target))
            if self.start is None
            else torch.tensor(self.start, dtype=torch.float64)
        )
        path = self.path.walk(start, target, steps, count, torch.Generator().manual_seed(seed))
        return path[0] if members is None else path

    # Model

    def sample(
        self, theta: Float[Tensor, "*members outcomes"], count: int, *, generator: torch.Generator
    ) -> Int[Tensor, "*members count"]:
        """``count`` outcomes drawn from ``e^{−φ}`` for each member."""
        p = torch.softmax(-theta, -1)
        drawn = torch.multinomial(p.reshape(-1, p.shape[-1]), count, True, generator=generator)
        return drawn.reshape(*theta.shape[:-1], count)

    def phi(
        self, x: Int[Tensor, "*members count"], theta: Float[Tensor, "*members outcomes"]
    ) -> Float[Tensor, "*members count"]:
        """φ at the outcomes x, normalised again so that it may be given as any logits' negative."""
        phi = -torch.log_softmax(-theta, -1)
        return torch.take_along_dim(phi, x.expand(*phi.shape[:-1], -1), -1)

    def outcomes(self, path: Float[Tensor, "*points outcomes"]) -> tuple[Int[Tensor, " outcomes"], float]:
        """All outcomes, each standing for itself (a volume of 1)."""
        return torch.arange(path.shape[-1]), 1.0

    # Answers

    def along(self, path: Float[Tensor, "points outcomes"]) -> Mapping[str, float]:
        """The ledger of this very path by plain sums in 40 digits, φ normalised there (no rounding to speak of)."""
        return ledger_of(path.tolist())

    def exact(self, *, steps: int, seed: int = 0) -> Mapping[str, float]:
        """The ledger of the path that :meth:`simulate` walks in ``steps`` steps, by record name.

        ``work, heat, ep_conditional, work_reverse, length, work_direct, length_direct, energy, entropy_conditional,
        fluctuation``. ``seed`` chooses the batches of an SGD path.
        """
        return self.along(self.simulate(steps, seed=seed))
