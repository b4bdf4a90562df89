"""Quadratic directions under SGD, heavy ball or Nesterov: every temperature of theirs, also where nothing pulls."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from szilard.systems.base import require, require_steps
from szilard.systems.parameter_system import (
    Motion,
    ParameterSystem,
    Theta,
    lead,
    normal,
    per_direction,
    require_not_negative,
    require_positive,
)


@dataclass(frozen=True)
class HeavyBall(ParameterSystem):
    """``U = ½ Σ h_i θ_i²`` with gradient noise of variance c_i; ``v' = βv + (1 − δ)g``, ``θ' = θ − r v'``.

    Nesterov moves by ``θ' = θ − r(g + βv')``, as PyTorch does. A direction of curvature 0 is pure noise: its buffer
    has a temperature, its position spreads for ever and nothing is learned. For the heavy ball (δ = 0)

        Var θ = r c (1 + β)/{h(1 − β)[2(1 + β) − r h]},   T → r c/[2(1 − β)] for r h → 0

    and β = 0 is plain SGD: ``Var θ = r c/[h(2 − r h)]``.

    Args:
        curvature: h of each direction, 0 or more; a number is a single direction.
        noise: c, variance of the noise of a batch in each direction, or one for all.
        rate: r.
        momentum: β, 0 ≤ β < 1.
        dampening: δ.
        nesterov: with momentum and without dampening, as in PyTorch.

    Raises:
        SpecError: for a parameter outside its range, or a rate at which a direction diverges.

    Example:
        >>> answers = HeavyBall(curvature=2.0, noise=0.5, rate=0.1, momentum=0.9).exact()
        >>> round(answers["parameter_variance"], 6), round(answers["temperature_noise"], 6)
        (0.131944, 0.25)
        >>> noise = HeavyBall(curvature=0.0, noise=0.5, rate=0.1).exact()
        >>> noise["temperature_kinetic"], noise["signal_variance"], noise["parameter_variance"]
        (0.025, 0.0, inf)
    """

    curvature: float | Sequence[float]
    noise: float | Sequence[float]
    rate: float
    momentum: float = 0.0
    dampening: float = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        require_positive(rate=self.rate)
        for value in self.curvatures:
            require_not_negative(curvature=value)
        for value in self.noises:
            require_not_negative(noise=value)
        require(0 <= self.momentum < 1, f"momentum is {self.momentum}: give a number from 0 to below 1.")
        require(0 <= self.dampening < 1, f"dampening is {self.dampening}: give a number from 0 to below 1.")
        require(
            not self.nesterov or (self.momentum > 0 and self.dampening == 0),
            "nesterov needs momentum above 0 and no dampening: as PyTorch does.",
        )
        for h in self.curvatures:
            fastest = max(abs(np.linalg.eigvals(self._transition(h)))) if h > 0 else 0.0
            require(fastest < 1, f"rate is {self.rate}, at which curvature {h} diverges: take a smaller one.")

    @property
    def dimension(self) -> int:
        """The number of parameters: one for each curvature."""
        return len(self.curvatures)

    @property
    def curvatures(self) -> tuple[float, ...]:
        """The curvature h of each direction, shape (dimension,)."""
        return (float(self.curvature),) if isinstance(self.curvature, int | float) else tuple(self.curvature)

    @property
    def noises(self) -> tuple[float, ...]:
        """The gradient noise c of each direction, shape (dimension,)."""
        return per_direction(self.noise, self.dimension, "noise")

    # Protocol

    def simulate(self, steps: int, *, members: int | None = None, seed: int = 0) -> Motion:
        """Started from the stationary state; directions of curvature 0 start at 0."""
        require_steps(steps)
        generator = torch.Generator().manual_seed(seed)
        theta, buffer = self._start(lead(members), generator)
        thetas, buffers, gradients = [theta], [buffer], []
        for _ in range(steps):
            g = self.gradient(theta, generator=generator)
            buffer = self.momentum * buffer + (1 - self.dampening) * g
            theta = theta - self.rate * (g + self.momentum * buffer if self.nesterov else buffer)
            thetas.append(theta)
            buffers.append(buffer)
            gradients.append(g)
        path = torch.stack(thetas, -2)
        batches = torch.stack(gradients, -2) if gradients else path[..., :0, :]
        return Motion(path, batches, self.force(path), torch.stack(buffers, -2) if self.momentum else None)

    def _start(self, shape: tuple[int, ...], generator: torch.Generator) -> tuple[Tensor, Tensor]:
        pairs = []
        for h, c in zip(self.curvatures, self.noises, strict=True):
            covariance = self._stationary(h, c) if h > 0 else np.diag([0.0, self._buffer_square(h, c)])
            values, vectors = np.linalg.eigh(covariance)
            root = torch.from_numpy(vectors * np.sqrt(np.clip(values, 0, None)))
            pairs.append(normal((*shape, 2), generator) @ root.T)
        state = torch.stack(pairs, -2)
        return state[..., 0], state[..., 1]

    # Gradients

    def force(self, theta: Theta) -> Theta:
        """The force ``h_i θ_i`` on each parameter, shaped as θ."""
        return torch.tensor(self.curvatures, dtype=torch.float64) * theta

    def gradient(self, theta: Theta, *, generator: torch.Generator, parts: int = 1) -> Theta:
        """The force and noise of variance c; that of a part of a batch has ``parts`` times the variance."""
        spread = torch.tensor(self.noises, dtype=torch.float64).mul(parts).sqrt()
        return self.force(theta) + spread * normal(theta.shape, generator)

    # Answers

    def by_direction(self) -> Mapping[str, tuple[float, ...]]:
        """Answers for each direction; those of positions only where every direction is pulled."""
        rows = [self._direction(h, c) for h, c in zip(self.curvatures, self.noises, strict=True)]
        names = [name for name in rows[0] if all(name in row for row in rows)]
        return {name: tuple(row[name] for row in rows) for name in names}

    def exact(self) -> Mapping[str, float]:
        """Averages over parameters, the noise scale (a ratio of means) and the entropy production per step.

        ``ep_rate`` is 0 without momentum (directions are independent chains of one variable each). With momentum the
        noise drives only half of the state (θ, v), and the reverse of a path has no density: infinite.
        """
        answers = dict(super().exact())
        if answers["signal_variance"] > 0:
            answers["gradient_noise_scale"] = answers["noise_variance"] / answers["signal_variance"]
        if min(self.curvatures) > 0 and min(self.noises) > 0:
            answers["ep_rate"] = math.inf if self.momentum else 0.0
        return answers

    def free_spread(self, steps: int) -> float:
        """``⟨(θ_n − θ_0)²⟩`` of noise of unit variance where nothing pulls, momentum stationary at the start."""
        rows = np.stack(self._functionals(0.0))
        step = np.stack([rows[0] - self.rate * rows[3], rows[2]])
        covariance = np.diag([0.0, self._buffer_square(0.0, 1.0)])
        for _ in range(steps):
            covariance = step[:, :2] @ covariance @ step[:, :2].T + np.outer(step[:, 2], step[:, 2])
        return float(covariance[0, 0])

    def _direction(self, h: float, c: float) -> dict[str, float]:
        r, beta, kept = self.rate, self.momentum, 1 - self.dampening
        covariance = self._joint(h, c)
        _, g, buffer, move = self._functionals(h)
        square = float(buffer @ covariance @ buffer)
        if self.nesterov:
            kinetic = 0.5 * r * (1 - beta) * float(move @ covariance @ move)
            kinetic += beta**2 * r * float(move @ covariance @ buffer)
        else:
            kinetic = 0.5 * r * (1 + beta) * square / kept
        answers = {
            "parameter_variance": float(covariance[0, 0]) if h > 0 else math.inf,
            "buffer_square": square,
            "noise_variance": c,
            "signal_variance": h * h * float(covariance[0, 0]),
            "gradient_square": float(g @ covariance @ g),
            "temperature_noise": 0.5 * r * kept * c / (1 - beta),
            "temperature_kinetic": kinetic,
        }
        if h > 0:
            answers["temperature_configurational"] = h * float(covariance[0, 0])
            answers["fdr_ratio"] = 1.0
        return answers

    def _functionals(self, h: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """θ, g, v' and the move (θ − θ')/r as rows over (θ, v, noise)."""
        kept = 1 - self.dampening
        gradient = np.array([h, 0.0, 1.0])
        buffer = np.array([0.0, self.momentum, 0.0]) + kept * gradient
        move = gradient + self.momentum * buffer if self.nesterov else buffer
        return np.array([1.0, 0.0, 0.0]), gradient, buffer, move

    def _transition(self, h: float) -> np.ndarray:
        theta, _, buffer, move = self._functionals(h)
        return np.stack([theta - self.rate * move, buffer])[:, :2]

    def _stationary(self, h: float, c: float) -> np.ndarray:
        """Covariance of (θ, v): ``Σ = FΣFᵀ + c b bᵀ``, solved as four linear equations."""
        theta, _, buffer, move = self._functionals(h)
        rows = np.stack([theta - self.rate * move, buffer])
        transition, noise = rows[:, :2], c * np.outer(rows[:, 2], rows[:, 2])
        return np.linalg.solve(np.eye(4) - np.kron(transition, transition), noise.ravel()).reshape(2, 2)

    def _buffer_square(self, h: float, c: float) -> float:
        if h > 0:
            return float(self._stationary(h, c)[1, 1])
        return (1 - self.dampening) ** 2 * c / (1 - self.momentum**2)

    def _joint(self, h: float, c: float) -> np.ndarray:
        """Covariance of (θ, v, noise); θ of a free direction is left at 0: nothing stationary depends on it."""
        covariance = np.zeros((3, 3))
        if h > 0:
            covariance[:2, :2] = self._stationary(h, c)
        else:
            covariance[1, 1] = self._buffer_square(h, c)
        covariance[2, 2] = c
        return covariance
