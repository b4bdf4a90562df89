"""The Brownian gyrator: one potential, two temperatures, and a current that never stops."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from szilard.systems.base import require, require_steps
from szilard.systems.parameter_system import Motion, ParameterSystem, Theta, descend, lead, normal, require_positive


@dataclass(frozen=True)
class Gyrator(ParameterSystem):
    """``U = ½ θᵀAθ``, A of eigenvalues k₁, k₂ turned by an angle against the temperatures D₁, D₂ of the two parameters.

    In continuous time ``dθ = −Aθ dt + √(2D) dW``; as SGD of rate r, ``θ' = θ − r(Aθ + ξ)`` with ``Cov ξ = 2D/r``. With
    q the off-diagonal element of D in the eigenbasis of A, the entropy production per unit of time is

        q²(k₁ − k₂)²/{det D · [k₁ + k₂ − r k₁k₂]}

    and that of continuous time for r → 0. It is 0 for equal temperatures, for k₁ = k₂ and for an angle of 0: then
    detailed balance holds, although the temperatures may still be two.

    Args:
        rate: r, the step of time.
        stiffness: (k₁, k₂).
        temperatures: (D₁, D₂), in units of the loss.
        angle: between the eigenvectors of A and the parameters, in radians.

    Raises:
        SpecError: for a parameter outside its range, or a rate at which θ diverges.

    Example:
        >>> gyrator = Gyrator(rate=0.01)
        >>> round(gyrator.ep_rate_continuous, 5), round(gyrator.ep_rate_discretised, 5)
        (0.675, 0.67953)
    """

    rate: float
    stiffness: tuple[float, float] = (1.0, 2.0)
    temperatures: tuple[float, float] = (1.0, 0.1)
    angle: float = math.pi / 4

    def __post_init__(self) -> None:
        require(len(self.stiffness) == 2, f"stiffness has {len(self.stiffness)} numbers: give two.")
        require(len(self.temperatures) == 2, f"temperatures has {len(self.temperatures)} numbers: give two.")
        require_positive(rate=self.rate)
        for value in self.stiffness:
            require_positive(stiffness=value)
        for value in self.temperatures:
            require_positive(temperatures=value)
        require(math.isfinite(self.angle), f"angle is {self.angle}: give a finite number.")
        limit = 2 / max(self.stiffness)
        require(self.rate < limit, f"rate is {self.rate}, at which θ diverges: keep it below {limit:.6g}.")

    @property
    def dimension(self) -> int:
        """The number of parameters, which is two."""
        return 2

    @property
    def hessian(self) -> Float[np.ndarray, "2 2"]:
        """The matrix A of the potential, shape (2, 2)."""
        return self._rotation @ np.diag(self.stiffness) @ self._rotation.T

    @property
    def diffusion(self) -> Float[np.ndarray, "2 2"]:
        """The matrix D of the temperatures, shape (2, 2), in units of the loss."""
        return np.diag(self.temperatures)

    @property
    def step_map(self) -> Float[np.ndarray, "2 2"]:
        """The matrix M of a step ``θ' = Mθ + noise``, shape (2, 2)."""
        return np.eye(2) - self.rate * self.hessian

    @property
    def step_noise(self) -> Float[np.ndarray, "2 2"]:
        """The covariance 2rD of a step's noise, shape (2, 2)."""
        return 2 * self.rate * self.diffusion

    # Protocol

    def simulate(self, steps: int, *, members: int | None = None, seed: int = 0) -> Motion:
        """Paths of θ that start in the stationary state."""
        require_steps(steps)
        generator = torch.Generator().manual_seed(seed)
        root = torch.from_numpy(np.linalg.cholesky(self.covariance))
        start = normal((*lead(members), 2), generator) @ root.T
        thetas, batches = descend(lambda theta, _: self.gradient(theta, generator=generator), start, steps, self.rate)
        return Motion(thetas, batches, self.force(thetas))

    # Gradients

    def force(self, theta: Theta) -> Theta:
        """The force ``Aθ``, loss per unit of θ, shaped as θ."""
        return theta @ torch.from_numpy(self.hessian)

    def gradient(self, theta: Theta, *, generator: torch.Generator, parts: int = 1) -> Theta:
        """``Aθ + ξ``; the noise of a part of a batch has ``parts`` times the variance."""
        spread = torch.tensor(self.temperatures, dtype=torch.float64).mul(2 * parts / self.rate).sqrt()
        return self.force(theta) + spread * normal(theta.shape, generator)

    # Answers

    @property
    def covariance(self) -> Float[np.ndarray, "2 2"]:
        """Stationary Σ of the discrete chain: ``Σ'_ij = 2D'_ij/(k_i + k_j − r k_i k_j)`` in the eigenbasis of A."""
        k = np.array(self.stiffness)
        turned = self._rotation.T @ self.diffusion @ self._rotation
        own = 2 * turned / (k[:, None] + k[None, :] - self.rate * np.outer(k, k))
        return self._rotation @ own @ self._rotation.T

    @property
    def ep_rate_continuous(self) -> float:
        """Entropy production per unit of time of the process in continuous time, nats."""
        return self._ep_rate(0.0)

    @property
    def ep_rate_discretised(self) -> float:
        """Entropy production per unit of time (1/r steps) of the discrete chain, nats."""
        return self._ep_rate(self.rate)

    def by_direction(self) -> Mapping[str, tuple[float, ...]]:
        """Answers for each of the two parameters, by record name."""
        hessian, covariance = self.hessian, self.covariance
        noise = 2 * np.diag(self.diffusion) / self.rate
        signal = np.diag(hessian @ covariance @ hessian)
        kinetic, configurational = 0.5 * self.rate * (signal + noise), np.diag(hessian @ covariance)
        rows = {
            "parameter_variance": np.diag(covariance),
            "noise_variance": noise,
            "signal_variance": signal,
            "temperature_noise": np.diag(self.diffusion),
            "temperature_kinetic": kinetic,
            "temperature_configurational": configurational,
            "fdr_ratio": configurational / kinetic,
        }
        return {name: tuple(values.tolist()) for name, values in rows.items()}

    def exact(self) -> Mapping[str, float]:
        """Averages over the two parameters, the noise scale, and what keeps the chain from equilibrium.

        ``ep_rate``, nats per step of the discrete chain; ``irreversibility``, turning over relaxing, squared;
        ``anisotropy``, ``‖G/T − 1‖²/2`` of ``G = ΣA``; ``current``, the mean of ``½(θ₁θ₂' − θ₂θ₁')`` in units of its
        standard deviation.
        """
        answers = dict(super().exact())
        answers["fdr_ratio"] = answers["temperature_configurational"] / answers["temperature_kinetic"]
        answers["gradient_noise_scale"] = answers["noise_variance"] / answers["signal_variance"]
        answers["ep_rate"] = self.rate * self.ep_rate_discretised
        balanced = self.ep_rate_continuous == 0
        matrix = self.covariance @ self.hessian
        relative = matrix / (0.5 * np.trace(matrix)) - np.eye(2)
        root = np.linalg.cholesky(self.covariance)
        whitened = np.linalg.solve(root, self.step_map @ root)
        turning, relaxing = 0.5 * (whitened - whitened.T), np.eye(2) - 0.5 * (whitened + whitened.T)
        share = float(np.square(turning).sum() / np.square(relaxing).sum())
        answers["irreversibility"] = 0.0 if balanced else share
        answers["anisotropy"] = float(0.5 * np.square(relative).sum())
        answers["current"] = 0.0 if balanced else self._current()
        return answers

    def _current(self) -> float:
        """By Isserlis' theorem; ``lagged[i, j] = ⟨θ'_i θ_j⟩``."""
        covariance, lagged = self.covariance, self.step_map @ self.covariance
        mean = 0.5 * (lagged[1, 0] - lagged[0, 1])
        squares = 2 * covariance[0, 0] * covariance[1, 1] + 2 * lagged[1, 0] ** 2 + 2 * lagged[0, 1] ** 2
        mixed = lagged[1, 0] * lagged[0, 1] + covariance[0, 1] ** 2 + lagged[0, 0] * lagged[1, 1]
        return float(mean / math.sqrt(0.25 * (squares - 2 * mixed) - mean**2))

    @property
    def _rotation(self) -> np.ndarray:
        cosine, sine = math.cos(self.angle), math.sin(self.angle)
        return np.array([[cosine, -sine], [sine, cosine]])

    def _ep_rate(self, step: float) -> float:
        (first, second), (one, two) = self.stiffness, self.temperatures
        mixed = math.cos(self.angle) * math.sin(self.angle) * (two - one)
        return mixed**2 * (first - second) ** 2 / (one * two * (first + second - step * first * second))
