"""Linear dynamics ``θ' = Mθ + N(0, D)``: stationary covariance, and M, D fitted to a sampled path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.errors import ModelError
from szilard.reservoir.path_moments import PathMoments

Matrix = Float[ndarray, "dimension dimension"]


def stationary_covariance(step_map: Matrix, step_noise: Matrix) -> Matrix:
    """Σ of the stationary state of ``θ' = Mθ + N(0, D)``: the solution of ``Σ = MΣMᵀ + D``.

    For SGD at a quadratic minimum M = 1 − rH and D = r²C/|b|, which is the discrete form of HΣ + ΣH = rC/|b|.

    Args:
        step_map: M, of one step.
        step_noise: D, the covariance of one step's noise, in units of θ².

    Raises:
        ModelError: if M does not contract: there is no stationary state.

    Example:
        >>> float(stationary_covariance(np.array([[0.5]]), np.array([[0.75]]))[0, 0])
        1.0
    """
    from scipy import linalg

    step_map, step_noise = square("step_map", step_map), square("step_noise", step_noise)
    fastest = float(np.abs(np.linalg.eigvals(step_map)).max())
    if fastest >= 1:
        raise ModelError(
            f"the largest eigenvalue of step_map has modulus {fastest:.6g}: "
            "there is a stationary state only below 1; lower the rate or leave out directions that nothing pulls back."
        )
    return symmetric(linalg.solve_discrete_lyapunov(step_map, step_noise))


def stationary_covariance_continuous(drift: Matrix, diffusion: Matrix) -> Matrix:
    """Σ of the Ornstein–Uhlenbeck process ``dθ = −Aθ dt + √(2D) dW``: the solution of ``AΣ + ΣAᵀ = 2D``.

    Raises:
        ModelError: if an eigenvalue of A has no positive real part.

    Example:
        >>> float(stationary_covariance_continuous(np.array([[2.0]]), np.array([[1.0]]))[0, 0])
        0.5
    """
    from scipy import linalg

    drift, diffusion = square("drift", drift), square("diffusion", diffusion)
    slowest = float(np.linalg.eigvals(drift).real.min())
    if slowest <= 0:
        raise ModelError(
            f"an eigenvalue of drift has real part {slowest:.6g}: there is a stationary state only where all are above "
            "0; leave out directions that nothing pulls back."
        )
    return symmetric(linalg.solve_continuous_lyapunov(drift, 2 * diffusion))


@dataclass(frozen=True)
class LinearFit:
    """What least squares makes of a path.

    Attributes:
        step_map: M.
        step_noise: D, covariance of the residuals.
        covariance: Σ of the path itself, its two ends weighing half.
        mean: of the path.
        steps: transitions that went in.
    """

    step_map: Matrix
    step_noise: Matrix
    covariance: Matrix
    mean: Float[ndarray, " dimension"]
    steps: int


def fit_linear(path: Float[ndarray, "*members points dimension"]) -> LinearFit:
    """Least squares of ``θ' − θ̄ = M(θ − θ̄) + noise`` over all transitions of all members.

    M is biased towards smaller eigenvalues by about 1/steps of its size per relaxation time (Kendall 1954): what is
    derived from it in this package is corrected by the jackknife.

    Args:
        path: stationary; leading dimensions are independent members.

    Raises:
        RecordError: for a path that is too short or not finite.
    """
    moments = PathMoments.of(path, blocks=1)
    before, after, lagged = moments.covariances()
    step_map = np.linalg.solve(before.T, lagged.T).T
    mean = moments.centre[: moments.dimension] + moments.whole()[0, 1 : moments.dimension + 1]
    residual = after - step_map @ lagged.T
    return LinearFit(step_map, symmetric(residual), symmetric(0.5 * (before + after)), mean, moments.steps)


def square(name: str, matrix: Float[ndarray, ...]) -> Matrix:
    """``matrix`` as float64, two-dimensional and square and finite, or :class:`~szilard.errors.ModelError`."""
    matrix = np.asarray(matrix, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ModelError(f"{name} is shaped {matrix.shape}: give a square matrix.")
    if not np.isfinite(matrix).all():
        raise ModelError(f"{name} holds numbers that are not finite: look where they come from.")
    return matrix


def symmetric(matrix: Float[ndarray, "*batch dimension dimension"]) -> Float[ndarray, "*batch dimension dimension"]:
    """The symmetric part of a square matrix, ``(A + Aᵀ)/2``."""
    return 0.5 * (matrix + np.swapaxes(matrix, -1, -2))
