"""What an exact system is: a parametric probabilistic model that moves, and carries its own answers.

Every system has the same sections in the same order: parameters, protocol (:meth:`System.simulate`), model
(:meth:`System.sample`, :meth:`System.phi`, :meth:`System.outcomes`), answers (:meth:`System.along`,
:meth:`System.exact`). Answers come from closed forms or from plain high-precision sums, never from szilard's own
estimators, which are held against them.
"""

from __future__ import annotations

import abc
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from szilard.errors import SpecError

if TYPE_CHECKING:
    import torch
    from jaxtyping import Float, Shaped
    from torch import Tensor


class System(abc.ABC):
    """A family ``p_θ(x) = e^{−φ_θ(x)}``, a way θ moves, and what the ledger must read. All numbers are in nats."""

    @abc.abstractmethod
    def simulate(
        self, steps: int, *, members: int | None = None, seed: int = 0
    ) -> Float[Tensor, "*members points *theta"]:
        """Paths of the parameters, ``steps + 1`` points long, float64; with ``members``, that many independent ones."""

    @abc.abstractmethod
    def sample(
        self, theta: Float[Tensor, "*members *theta"], count: int, *, generator: torch.Generator
    ) -> Shaped[Tensor, "*members count *x"]:
        """``count`` fresh, independent samples ``x ~ p_θ`` for each member."""

    @abc.abstractmethod
    def phi(
        self, x: Shaped[Tensor, "*members count *x"], theta: Float[Tensor, "*members *theta"]
    ) -> Float[Tensor, "*members count"]:
        """Normalised ``φ_θ(x) = −ln p_θ(x)``; leading dimensions broadcast."""

    @abc.abstractmethod
    def outcomes(self, path: Float[Tensor, "*points *theta"]) -> tuple[Shaped[Tensor, " count *x"], float]:
        """Points to sum over, and the volume each stands for: ``Σ volume·e^{−φ} = 1`` to float error along ``path``."""

    @abc.abstractmethod
    def along(self, path: Float[Tensor, " points *theta"]) -> Mapping[str, float]:
        """The ledger of this very path, by record name: ``work``, ``heat``, ``length``, ``entropy_conditional``, …"""

    @abc.abstractmethod
    def exact(self, *, steps: int) -> Mapping[str, float]:
        """Everything known in closed form after ``steps`` steps, by record name."""

    def table(self, path: Float[Tensor, "*points *theta"]) -> Float[Tensor, "*points outcomes"]:
        """φ of every outcome along ``path``, volumes included, so that ``Σ e^{−φ} = 1``: what exact sums take."""
        x, volume = self.outcomes(path)
        return self.phi(x, path) - math.log(volume)


def require(condition: bool, message: str) -> None:
    """Raise :class:`~szilard.errors.SpecError` with ``message`` unless ``condition`` holds."""
    if not condition:
        raise SpecError(message)


def require_steps(steps: int) -> None:
    """Raise :class:`~szilard.errors.SpecError` unless ``steps`` counts steps."""
    require(
        isinstance(steps, int) and not isinstance(steps, bool) and steps >= 0,
        f"steps is {steps!r}: give a whole number of steps, 0 or more.",
    )
