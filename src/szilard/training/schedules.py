"""Learning-rate schedules: what the optimiser's learning rate is multiplied by at each step."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from szilard.settings import Settings


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
