"""A trap that is dragged along: the minimum of the loss moves at constant speed, and θ trails at a known cost."""

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
)


@dataclass(frozen=True)
class DraggedTrap(ParameterSystem):
    """``U_t = ½ h(θ − λ_t)²`` with ``λ_t = v t``, noise of variance c: ``θ' = θ − r[h(θ − λ_t) + ξ]``.

    θ trails the minimum by ``v/(rh)`` and keeps the variance of the trap at rest. Each step produces the entropy

        Σ/step = v²(2 − rh)²/(4rT),   T = rc/2

    So a minimum that moves by a given amount *per step* costs more the smaller r is; along a given way in n steps the
    cost falls as 1/n at fixed T: it is the slowness of the protocol that makes the reservoir ideal, not r.

    Args:
        speed: v, of the minimum, per step.
        curvature: h.
        noise: c, variance of the noise of a batch.
        rate: r.

    Raises:
        SpecError: for a parameter outside its range, or a rate at which θ diverges.

    Example:
        >>> round(DraggedTrap(speed=0.1, curvature=1.0, noise=2.0, rate=0.5).exact()["ep_rate"], 6)
        0.0225
    """

    speed: float
    curvature: float
    noise: float
    rate: float

    def __post_init__(self) -> None:
        require(math.isfinite(self.speed), f"speed is {self.speed}: give a finite number.")
        require_positive(curvature=self.curvature, rate=self.rate)
        require_not_negative(noise=self.noise)
        limit = 2 / self.curvature
        require(
            self.rate < limit, f"rate is {self.rate}, at which θ diverges: keep it below 2/curvature = {limit:.6g}."
        )

    @property
    def temperature(self) -> float:
        """The temperature T = rc/2, in units of the loss."""
        return 0.5 * self.rate * self.noise

    @property
    def lag(self) -> float:
        """How far ⟨θ⟩ trails the minimum, ``v/(rh)``, in units of θ."""
        return self.speed / (self.rate * self.curvature)

    # Protocol

    def minimum(self, step: int) -> float:
        """The place λ of the minimum at that step, in units of θ."""
        return self.speed * step

    def simulate(self, steps: int, *, members: int | None = None, seed: int = 0) -> Motion:
        """Started in the steady state of being dragged; ``force`` is that of the minimum of each point's own step."""
        require_steps(steps)
        generator = torch.Generator().manual_seed(seed)
        start = self._spread * normal((*lead(members), 1), generator) - self.lag
        thetas, batches = descend(
            lambda theta, step: self.gradient(theta, generator=generator, step=step), start, steps, self.rate
        )
        minima = self.speed * torch.arange(steps + 1, dtype=torch.float64)[:, None]
        return Motion(thetas, batches, self.curvature * (thetas - minima))

    # Gradients

    def force(self, theta: Theta, *, step: int = 0) -> Theta:
        """The force ``h(θ − λ)`` at that step, loss per unit of θ."""
        return self.curvature * (theta - self.minimum(step))

    def gradient(self, theta: Theta, *, generator: torch.Generator, parts: int = 1, step: int = 0) -> Theta:
        """The force and noise of variance c; that of a part of a batch has ``parts`` times the variance."""
        return self.force(theta, step=step) + math.sqrt(self.noise * parts) * normal(theta.shape, generator)

    # Answers

    def step_mean(self, theta: Theta, step: int) -> Theta:
        """Mean of θ' given θ: what a path's entropy production is reckoned with."""
        return theta - self.rate * self.force(theta, step=step)

    @property
    def step_noise(self) -> float:
        """The variance of θ' given θ, ``r²c``, in units of θ²."""
        return self.rate**2 * self.noise

    def by_direction(self) -> Mapping[str, tuple[float, ...]]:
        """In the steady state: about the trailing mean, but the kinetic temperature, which sees the drag."""
        h, r, c = self.curvature, self.rate, self.noise
        variance = self._spread**2
        square = h * h * (variance + self.lag**2)
        answers = {
            "parameter_variance": variance,
            "noise_variance": c,
            "signal_variance": square,
            "temperature_noise": self.temperature,
            "temperature_kinetic": 0.5 * r * (square + c),
            "temperature_configurational": h * variance,
        }
        return {name: (value,) for name, value in answers.items()}

    def exact(self) -> Mapping[str, float]:
        """And ``ep_rate``, nats per step of the forward kernels against the reversed; infinite without noise."""
        r, moving = self.rate, self.speed != 0
        answers = dict(super().exact())
        if self.noise > 0:
            answers["ep_rate"] = (self.speed * (2 - r * self.curvature)) ** 2 / (4 * r * self.temperature)
        else:
            answers["ep_rate"] = math.inf if moving else 0.0
        return answers

    @property
    def _spread(self) -> float:
        """Standard deviation of θ about its mean."""
        return math.sqrt(self.rate * self.noise / (self.curvature * (2 - self.rate * self.curvature)))
