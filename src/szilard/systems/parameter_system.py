"""What an exact reservoir is: parameters that move under a noisy gradient, and carry the answers of Section 6.

Siblings have the same sections in the same order: parameters, protocol (:meth:`ParameterSystem.simulate`), gradients
(:meth:`ParameterSystem.force`, :meth:`ParameterSystem.gradient`), answers (:meth:`ParameterSystem.exact`,
:meth:`ParameterSystem.by_direction`). Answers come from closed forms or from one small linear solve, never from
szilard's own estimators, which are held against them.
"""

from __future__ import annotations

import abc
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.systems.base import require

Theta = Float[Tensor, "*members dimension"]


@dataclass(frozen=True)
class Motion:
    """What a training loop would have seen.

    Attributes:
        theta: the parameters before each step and after the last; ``steps + 1`` points.
        gradient: the loop's own gradient of the batch at each of the first ``steps`` points.
        force: the gradient ∇U of the whole loss at every point.
        buffer: the momentum buffer v at every point, in PyTorch's sign ``v' = βv + g``; None where there is none.
    """

    theta: Float[Tensor, "*members points dimension"]
    gradient: Float[Tensor, "*members steps dimension"]
    force: Float[Tensor, "*members points dimension"]
    buffer: Float[Tensor, "*members points dimension"] | None = None


class ParameterSystem(abc.ABC):
    """Parameters θ under ``θ' = θ − r g``, or with momentum; temperatures are in units of the loss, per parameter."""

    rate: float
    """r, the learning rate."""

    @property
    def dimension(self) -> int:
        """The number of parameters, length of θ: one, where a system does not say otherwise."""
        return 1

    @abc.abstractmethod
    def simulate(self, steps: int, *, members: int | None = None, seed: int = 0) -> Motion:
        """A stationary run; with ``members``, that many independent ones in the leading dimension."""

    @abc.abstractmethod
    def force(self, theta: Theta) -> Theta:
        """∇U, the gradient of the loss over all data, shaped as θ."""

    @abc.abstractmethod
    def gradient(self, theta: Theta, *, generator: torch.Generator, parts: int = 1) -> Theta:
        """The gradient of a fresh batch at ``theta``, or of the ``parts``-th part of one (2: half a batch)."""

    def noise_at(self, theta: Theta) -> Theta:
        """Variance of a batch's gradient at ``theta``; by default the stationary one, whatever θ is."""
        noise = torch.tensor(self.by_direction()["noise_variance"], dtype=torch.float64)
        return noise.expand(theta.shape)

    @abc.abstractmethod
    def by_direction(self) -> Mapping[str, tuple[float, ...]]:
        """Stationary answers for each parameter, by record name."""

    def noise_autocorrelation(self, lag: int) -> float:
        """Correlation of the noise of steps ``lag`` apart, averaged over the place in the epoch; 1 at lag 0.

        0 beyond, where a system does not say otherwise: the noise of fresh batches has mean 0 whatever θ is.
        """
        return float(lag == 0)

    def exact(self) -> Mapping[str, float]:
        """Stationary answers averaged over parameters, by record name; what does not exist is left out."""
        return {name: math.fsum(values) / len(values) for name, values in self.by_direction().items()}


def require_positive(**values: float) -> None:
    """Raise :class:`~szilard.errors.SpecError` naming the first that is not a finite number above 0."""
    for name, value in values.items():
        require(math.isfinite(value) and value > 0, f"{name} is {value}: give a finite number above 0.")


def require_not_negative(**values: float) -> None:
    """Raise :class:`~szilard.errors.SpecError` naming the first that is not a finite number, 0 or more."""
    for name, value in values.items():
        require(math.isfinite(value) and value >= 0, f"{name} is {value}: give a finite number, 0 or more.")


def require_whole(least: int, **values: int) -> None:
    """Raise :class:`~szilard.errors.SpecError` naming the first that is not a whole number of at least ``least``."""
    for name, value in values.items():
        require(
            isinstance(value, int) and not isinstance(value, bool) and value >= least,
            f"{name} is {value!r}: give a whole number, {least} or more.",
        )


def per_direction(value: float | Sequence[float], dimension: int, name: str) -> tuple[float, ...]:
    """``value`` for each of ``dimension`` directions; a single number stands for all of them."""
    values = (float(value),) * dimension if isinstance(value, int | float) else tuple(float(each) for each in value)
    require(len(values) == dimension, f"{name} has {len(values)} directions where there are {dimension}: give as many.")
    return values


def descend(gradient: Callable[[Theta, int], Theta], start: Theta, steps: int, rate: float) -> tuple[Theta, Theta]:
    """The points of ``θ' = θ − r g`` from ``start`` on, one more than steps, and the gradients g of the steps.

    Args:
        gradient: of a batch, from θ and the step's number.
        start: where θ begins.
        steps: how many.
        rate: r.
    """
    path: list[Tensor] = [start]
    gradients: list[Tensor] = []
    for step in range(steps):
        gradients.append(gradient(path[-1], step))
        path.append(path[-1] - rate * gradients[-1])
    thetas = torch.stack(path, -2)
    return thetas, torch.stack(gradients, -2) if gradients else thetas[..., :0, :]


def normal(shape: Sequence[int], generator: torch.Generator) -> Tensor:
    """Standard normal numbers of a shape, float64."""
    return torch.randn(tuple(shape), generator=generator, dtype=torch.float64)


def lead(members: int | None) -> tuple[int, ...]:
    """The leading shape of ``members`` runs: empty for a single one."""
    if members is None:
        return ()
    require_whole(1, members=members)
    return (members,)
