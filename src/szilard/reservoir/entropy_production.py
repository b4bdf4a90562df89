"""Entropy production of the parameters at stationarity: of known linear dynamics, and fitted to a sampled path."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.errors import ModelError, RecordError
from szilard.estimate import Estimate
from szilard.reservoir.linear import square, stationary_covariance, stationary_covariance_continuous, symmetric
from szilard.reservoir.path_moments import PathMoments, covariances

Matrix = Float[ndarray, "dimension dimension"]

_RANK = 1e-12


def ep_rate_ou(drift: Matrix, diffusion: Matrix, covariance: Matrix | None = None) -> float:
    """EP rate of ``dθ = −Aθ dt + √(2D) dW`` in its stationary state, nats per unit of time.

    ``tr(D⁻¹AΣAᵀ) − tr A`` (Godrèche & Luck 2019). Infinite where the noise leaves out a direction: the reverse of a
    path then has no density with respect to the path, as for momentum or Adam seen in (θ, v) without reversing v.

    Args:
        drift: A, per unit of time.
        diffusion: D.
        covariance: Σ; found from A and D if not given.

    Raises:
        ModelError: for matrices that do not fit, or where there is no stationary state.

    Example:
        >>> A = np.array([[1.5, -0.5], [-0.5, 1.5]])
        >>> round(ep_rate_ou(A, np.diag([1.0, 0.1])), 6)
        0.675
        >>> ep_rate_ou(A, np.diag([1.0, 0.0]))
        inf
    """
    drift, diffusion = square("drift", drift), square("diffusion", diffusion)
    if covariance is None:
        covariance = stationary_covariance_continuous(drift, diffusion)
    if deficient(diffusion):
        return math.inf
    return float(np.trace(np.linalg.solve(diffusion, drift @ covariance @ drift.T)) - np.trace(drift))


def ep_rate_ar1(step_map: Matrix, step_noise: Matrix) -> float:
    """EP of the chain ``θ' = Mθ + N(0, D)`` in its stationary state, nats per step.

    The divergence between two successive points and the same two exchanged, ``½[tr(J_b⁻¹J_f) − 2d]`` with
    ``J_f = [[Σ, ΣMᵀ], [MΣ, Σ]]`` and J_b its exchange; computed as ``−tr(D⁻¹M(MΣ − ΣMᵀ))``, which is the same and
    cancels nothing. Zero if and only if MΣ is symmetric; infinite where the noise leaves out a direction.

    Args:
        step_map: M.
        step_noise: D, the covariance of one step's noise.

    Raises:
        ModelError: for matrices that do not fit, or where there is no stationary state.

    Example:
        >>> A = np.array([[1.5, -0.5], [-0.5, 1.5]])
        >>> round(ep_rate_ar1(np.eye(2) - 0.01 * A, 0.02 * np.diag([1.0, 0.1])) / 0.01, 4)
        0.6795
    """
    covariance = stationary_covariance(step_map, step_noise)
    if deficient(square("step_noise", step_noise)):
        return math.inf
    return _exchange_divergence(step_map, step_noise, covariance)


def ep_rate_fitted(path: Float[ndarray, "*members points dimension"], *, blocks: int | None = None) -> Estimate:
    """EP per step of a sampled path of linear dynamics, nats: :func:`ep_rate_ar1` of its least squares.

    ``asymptotic``: the plug-in, which can only be too large (by d(d−1)/2 times its variance, whatever the truth), is
    freed of its bias by leaving out blocks. It may come out negative where the truth is 0. Dynamics that are not
    linear, or seen only in some directions, produce at least what the covariances of the visible ones say in
    the Gaussian approximation; a bound that holds without it is :func:`~szilard.reservoir.uncertainty_bound`.

    Args:
        path: stationary; leading dimensions are independent members.
        blocks: how many to cut it into; None: by its relaxation time.

    Raises:
        RecordError: for a path that is too short, not finite, or does not move in some direction.
    """
    moments = PathMoments.of(path, blocks=blocks)
    _refuse_degenerate(moments)

    return moments.jackknife(_each(_chain), squares=_currents(moments.dimension))


def ep_rate_fitted_ou(
    path: Float[ndarray, "*members points dimension"], interval: float, *, blocks: int | None = None
) -> Estimate:
    """EP rate in continuous time of a path sampled every ``interval``, nats per unit of time.

    ``A = −ln(M)/interval`` of the fitted M and ``2D = AΣ + ΣAᵀ``, whence :func:`ep_rate_ou`. What the sampled points
    alone show, :func:`ep_rate_fitted` / interval, is less and falls with the interval. ``asymptotic``.

    Args:
        path: stationary; leading dimensions are independent members.
        interval: between points, in the unit of time wanted.
        blocks: how many to cut it into; None: by its relaxation time.

    Raises:
        RecordError: where M has an eigenvalue that no continuous process has: sample more densely.
    """
    moments = PathMoments.of(path, blocks=blocks)
    _refuse_degenerate(moments)

    return moments.jackknife(_each(lambda mean: _continuous(mean, interval)), squares=_currents(moments.dimension))


def deficient(noise: Matrix) -> bool:
    """Whether the noise leaves out a direction, to float error."""
    values = np.linalg.eigvalsh(symmetric(noise))
    if values[0] < -_RANK * max(values[-1], 0.0):
        raise ModelError(f"the noise has a negative variance of {values[0]:.3g} in some direction: give a covariance.")
    return bool(values[0] <= _RANK * values[-1])


def _currents(dimension: int) -> int:
    """Independent currents between so many directions; one direction has none, and no production to be wrong about."""
    return max(dimension * (dimension - 1) // 2, 1)


def _exchange_divergence(step_map: ndarray, step_noise: ndarray, covariance: ndarray) -> float:
    """``−tr(D⁻¹M(MΣ − ΣMᵀ))``."""
    lagged = step_map @ covariance
    return float(-np.trace(np.linalg.solve(step_noise, step_map @ (lagged - lagged.T))))


def _each(statistic: Callable[[ndarray], float]) -> Callable[[ndarray], ndarray]:
    """A function of one matrix of moments as one of a batch of them."""

    def of_all(moments: ndarray) -> ndarray:
        flat = moments.reshape(-1, *moments.shape[-2:])
        return np.array([statistic(each) for each in flat]).reshape(moments.shape[:-2])

    return of_all


def _chain(mean: ndarray) -> float:
    """The chain of the least-squares map and its residuals; Σ is theirs, so that both belong together."""
    before, after, lagged = covariances(mean)
    step_map = np.linalg.solve(before.T, lagged.T).T
    if np.abs(np.linalg.eigvals(step_map)).max() >= 1:
        raise RecordError(
            "the fitted map of a step does not contract: the path drifts, or is shorter than its relaxation; "
            "take a longer stretch, or directions that are pulled back."
        )
    noise = symmetric(after - step_map @ lagged.T)
    return _exchange_divergence(step_map, noise, stationary_covariance(step_map, noise))


def _continuous(mean: ndarray, interval: float) -> float:
    from scipy import linalg

    before, after, lagged = covariances(mean)
    covariance = 0.5 * (before + after)
    step_map = np.linalg.solve(covariance, lagged.T).T
    values = np.linalg.eigvals(step_map)
    if (np.isreal(values) & (values.real <= 0)).any() or np.abs(values).max() >= 1:
        raise RecordError(
            "the fitted map of a step has an eigenvalue that no stationary process in continuous time has "
            f"({values[np.abs(values).argmax()]:.4g} the largest): take points closer together, or a longer path."
        )
    drift = -np.real(linalg.logm(step_map)) / interval
    return ep_rate_ou(drift, symmetric(drift @ covariance), covariance)


def _refuse_degenerate(moments: PathMoments) -> None:
    before, _, _ = moments.covariances()
    values = np.linalg.eigvalsh(before)
    if values[0] <= _RANK * values[-1]:
        raise RecordError(
            "the path does not move in some direction, or its directions are copies of each other: "
            "leave out what does not move of its own."
        )
