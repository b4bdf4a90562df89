"""Entropy production of single paths of the parameters (Eq. 27), where the noise of a step has a known density."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.errors import ModelError, RecordError
from szilard.estimate import Estimate, Kind
from szilard.reservoir.entropy_production import deficient
from szilard.reservoir.linear import square
from szilard.reservoir.path_moments import checked

StepMean = Callable[[Any, int], Any]
"""Mean of θ' given θ and the index of the step: ``θ − r∇U_t(θ)`` for SGD; θ is shaped (\\*members, dimension)."""

LogDensity = Callable[[ndarray], ndarray]
"""ln p(θ), for θ shaped (\\*members, dimension)."""


@dataclass(frozen=True)
class PathEntropy:
    """``σ = −q + Δs`` of each path, nats.

    Attributes:
        production: σ, ``ln P[θ]/P[θ̃]``.
        heat: q, what the parameters absorb: ``−Σ_t ln p_t(θ_{t+1}|θ_t)/p_t(θ_t|θ_{t+1})``.
        surprisal_change: ``ln p(θ_0)/p(θ_n)``; 0 where no densities were given.
    """

    production: Float[ndarray, "*members"]
    heat: Float[ndarray, "*members"]
    surprisal_change: Float[ndarray, "*members"]

    def mean(self) -> Estimate:
        """Σ: the mean of σ over members, never negative in expectation."""
        return _mean(self.production)

    def fluctuation(self) -> Estimate:
        """``⟨e^{−σ}⟩``, 1 where both densities were given: the integral fluctuation theorem.

        Its tails grow with the length of the path: at Σ of several nats the error bar means nothing.
        """
        return _mean(np.exp(-self.production))


def path_entropy(
    path: Float[ndarray, "*members points dimension"],
    step_mean: StepMean,
    step_noise: Float[ndarray, "dimension dimension"] | float,
    *,
    start: LogDensity | None = None,
    end: LogDensity | None = None,
) -> PathEntropy:
    """σ of paths of ``θ' = m_t(θ) + N(0, D)``, by the ratio of the densities of a path and its reverse.

    The reverse runs the steps' own kernels in the opposite order. Without densities at the ends σ is −q, the EP of a
    stationary state. (The paper writes q_θ for ``+ln P[θ|θ_0]/P[θ̃|θ_n]``, with which its Eq. 27 would have the wrong
    sign; here q has the sign of its Eq. 22, absorbed heat.) SGD proper has no density: its steps take finitely many
    values, which the reverse of a path generically cannot take. This is for systems with explicit noise.

    Args:
        path: θ at successive steps; leading dimensions are members.
        step_mean: m_t, the mean of θ' given θ and the index of the step.
        step_noise: D, one step's covariance; a number stands for a multiple of the unit matrix.
        start, end: ln p of θ_0 and of θ_n; both or none.

    Raises:
        RecordError: for a path that is not finite, or only one end's density.
        ModelError: for noise that leaves out a direction: no reverse has a density.

    Example:
        >>> from szilard.systems import DraggedTrap
        >>> trap = DraggedTrap(speed=0.1, curvature=1.0, noise=2.0, rate=0.5)
        >>> path = trap.simulate(100, members=2_000, seed=1).theta.numpy()
        >>> sigma = path_entropy(path, trap.step_mean, trap.step_noise).mean()
        >>> abs(sigma.z(100 * trap.exact()["ep_rate"])) < 3
        True
    """
    path = checked("path", path)
    if (start is None) != (end is None):
        raise RecordError("one end has a density and the other has none: give both, or neither.")
    dimension = path.shape[-1]
    noise = np.eye(dimension) * step_noise if np.ndim(step_noise) == 0 else square("step_noise", np.asarray(step_noise))
    if deficient(noise):
        raise ModelError("the noise leaves out a direction: the reverse of a path has no density, σ is infinite.")
    heat = np.zeros(path.shape[:-2])
    for step in range(path.shape[-2] - 1):
        before, after = path[..., step, :], path[..., step + 1, :]
        forward = after - np.asarray(step_mean(before, step))
        backward = before - np.asarray(step_mean(after, step))
        heat += 0.5 * (_quadratic(forward, noise) - _quadratic(backward, noise))
    change = np.zeros_like(heat)
    if start is not None and end is not None:
        change = np.asarray(start(path[..., 0, :])) - np.asarray(end(path[..., -1, :]))
    return PathEntropy(change - heat, heat, change)


def gaussian_log_density(
    mean: Float[ndarray, " dimension"], covariance: Float[ndarray, "dimension dimension"]
) -> LogDensity:
    """ln of the density of ``N(mean, covariance)``, for the ends of :func:`path_entropy`.

    Example:
        >>> float(gaussian_log_density(np.zeros(1), np.eye(1))(np.zeros((1, 1)))[0].round(6))
        -0.918939
    """
    covariance = square("covariance", covariance)
    sign, log_determinant = np.linalg.slogdet(2 * np.pi * covariance)
    if sign <= 0:
        raise ModelError("the covariance has no inverse: there is no density.")

    def log_density(theta: ndarray) -> ndarray:
        return -0.5 * (_quadratic(np.asarray(theta, dtype=np.float64) - mean, covariance) + log_determinant)

    return log_density


def _quadratic(vectors: Float[ndarray, "*members dimension"], covariance: ndarray) -> Float[ndarray, "*members"]:
    solved = np.linalg.solve(covariance, vectors[..., None])[..., 0]
    return np.asarray((vectors * solved).sum(-1))


def _mean(values: Float[ndarray, "*members"]) -> Estimate:
    values = np.asarray(values, dtype=np.float64).ravel()
    if len(values) < 2:
        raise RecordError("one path has no error: give several members.")
    error = float(values.std(ddof=1)) / len(values) ** 0.5
    return Estimate(float(values.mean()), error, Kind.UNBIASED, float(len(values) - 1))
