"""Linear regression of one parameter by SGD on fresh batches: noise that depends on θ, and an exact variance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from szilard.systems.base import require, require_steps
from szilard.systems.parameter_system import (
    Motion,
    ParameterSystem,
    Theta,
    descend,
    lead,
    normal,
    require_not_negative,
    require_positive,
    require_whole,
)


@dataclass(frozen=True)
class LinearRegression(ParameterSystem):
    """Loss ``½(y − θx)²`` with ``x ~ N(0, a)``, ``y = N(0, σ²)``, fresh batches of S: ``θ' = θ − r g``.

    The gradient ``g = mean(x²θ − xy)`` has mean ``aθ`` and variance ``(2a²θ² + aσ²)/S``, so that the stationary state
    is known to second order although it is not Gaussian:

        Var θ = rσ²/[2S − ra(S + 2)]

    Args:
        rate: r.
        batch_size: S, fresh examples for each step.
        input_variance: a, of x; the curvature of the loss.
        label_noise: σ, standard deviation of the labels.

    Raises:
        SpecError: for a parameter outside its range, or a rate at which the variance is infinite.

    Example:
        >>> answers = LinearRegression(rate=0.1, batch_size=4).exact()
        >>> round(answers["parameter_variance"], 6), answers["fdr_ratio"]
        (0.013514, 1.0)
        >>> abs(answers["temperature_kinetic"] - answers["temperature_configurational"]) < 1e-15
        True
    """

    rate: float
    batch_size: int
    input_variance: float = 1.0
    label_noise: float = 1.0

    def __post_init__(self) -> None:
        require_whole(1, batch_size=self.batch_size)
        require_positive(rate=self.rate, input_variance=self.input_variance)
        require_not_negative(label_noise=self.label_noise)
        limit = 2 * self.batch_size / (self.input_variance * (self.batch_size + 2))
        require(self.rate < limit, f"rate is {self.rate}, at which Var θ is infinite: keep it below {limit:.6g}.")

    # Protocol

    def simulate(self, steps: int, *, members: int | None = None, seed: int = 0) -> Motion:
        """Started with the stationary variance and run in until the higher moments have settled too."""
        require_steps(steps)
        generator = torch.Generator().manual_seed(seed)
        theta = math.sqrt(self._variance) * normal((*lead(members), 1), generator)
        for _ in range(math.ceil(8 / -math.log(abs(self._second_moment_factor)))):
            theta = theta - self.rate * self.gradient(theta, generator=generator)
        thetas, batches = descend(lambda point, _: self.gradient(point, generator=generator), theta, steps, self.rate)
        return Motion(thetas, batches, self.force(thetas))

    # Gradients

    def force(self, theta: Theta) -> Theta:
        """The force ``aθ``, loss per unit of θ, shaped as θ."""
        return self.input_variance * theta

    def gradient(self, theta: Theta, *, generator: torch.Generator, parts: int = 1) -> Theta:
        """``mean(x²θ − xy)`` over S examples, or over S/parts of them."""
        size, rest = divmod(self.batch_size, parts)
        require(rest == 0, f"a batch of {self.batch_size} cannot be cut into {parts} equal parts: choose another.")
        x = math.sqrt(self.input_variance) * normal((*theta.shape, size), generator)
        y = self.label_noise * normal((*theta.shape, size), generator)
        return (x * (x * theta[..., None] - y)).mean(-1)

    def noise_at(self, theta: Theta) -> Theta:
        """The variance of a minibatch gradient at θ, ``(2a²θ² + aσ²)/S``."""
        a = self.input_variance
        return (2 * a * a * theta.square() + a * self.label_noise**2) / self.batch_size

    # Answers

    def by_direction(self) -> Mapping[str, tuple[float, ...]]:
        """``parameter_variance``, the noise, its scale, temperatures and ``fdr_ratio`` in the stationary state."""
        a, variance = self.input_variance, self._variance
        signal = a * a * variance
        noise = (2 * a * a * variance + a * self.label_noise**2) / self.batch_size
        answers = {
            "parameter_variance": variance,
            "noise_variance": noise,
            "signal_variance": signal,
            "temperature_noise": 0.5 * self.rate * noise,
            "temperature_kinetic": 0.5 * self.rate * (signal + noise),
            "temperature_configurational": a * variance,
            "fdr_ratio": 1.0,
        }
        if signal > 0:
            answers["gradient_noise_scale"] = self.batch_size * noise / signal
        return {name: (value,) for name, value in answers.items()}

    @property
    def _variance(self) -> float:
        size = self.batch_size
        return self.rate * self.label_noise**2 / (2 * size - self.rate * self.input_variance * (size + 2))

    @property
    def _second_moment_factor(self) -> float:
        step = self.rate * self.input_variance
        return (1 - step) ** 2 + 2 * step**2 / self.batch_size
