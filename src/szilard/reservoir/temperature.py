"""Temperatures of a group of parameters, in units of the loss, mean over its parameters.

Three that agree in equilibrium: of the noise (``R c/2``), kinetic, and configurational ``⟨(θ − θ̄)·∇U⟩/d``. Kinetic
and configurational agree direction by direction wherever the parameters are stationary, also out of equilibrium.

The configurational temperature from scalar products alone, for a window that moves: no vector is summed twice.

``⟨(θ − θ̄)·∇U⟩/d`` needs of positions θ_r and forces G_q only ``K_rq = θ_r·G_q``. A record that stands for several
close times has their means as θ_r and G_r, and beside them what the means leave out, ``⟨(θ − θ_r)·(∇U − G_r)⟩``.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.errors import RecordError
from szilard.estimate import Estimate, Kind
from szilard.reservoir.dynamics import Dynamics
from szilard.reservoir.time_average import TimeAverage, time_average


def noise_temperature(dynamics: Dynamics, noise: Estimate) -> Estimate:
    """``T = R c/2`` of an estimate of the noise variance c (Adam: of P c), error and kind carried through.

    Kind ``hypothesis``: it is a temperature only as far as the noise is white and the curvature small, r h ≪ 1.

    Example:
        >>> print(noise_temperature(Dynamics("sgd", 0.1), Estimate(2.0, 0.2, Kind.UNBIASED, 9.0)))
        0.100 ± 0.010 (hypothesis)
    """
    scale = dynamics.noise_temperature(1.0)
    return Estimate(scale * noise.value, scale * noise.error, Kind.HYPOTHESIS, noise.degrees_of_freedom)


def kinetic_temperature(
    dynamics: Dynamics,
    gradient_squares: Float[ndarray, " times"] | None = None,
    buffer_squares: Float[ndarray, " times"] | None = None,
) -> TimeAverage:
    """The kinetic temperature from series of g² and v² per parameter, with its autocorrelation time.

    Args:
        dynamics: says which of the two are needed, see :meth:`Dynamics.kinetic`.
        gradient_squares, buffer_squares: ‖g‖²/d and ‖v‖²/d, equally spaced in time.
    """
    g, v = (None if s is None else np.asarray(s, dtype=np.float64) for s in (gradient_squares, buffer_squares))
    return time_average(dynamics.kinetic(g, v))


def configurational_temperature(
    positions: Float[ndarray, "times ..."], forces: Float[ndarray, "times ..."], *, directions: bool = False
) -> TimeAverage:
    """``⟨(θ − θ̄)·∇U⟩/d`` over a window of equally spaced times.

    ∇U may be the full gradient, or that of a fresh batch at the same θ, whose noise averages out; never the gradient
    that makes the next step *and* is correlated with θ through the past (shuffled epochs, momentum buffers).
    The bias from θ̄ being that of the window is undone by a jackknife over blocks where there are eight times or more.

    Args:
        positions: θ at each time, shaped ``(times, d)``, or ``(times,)`` for one parameter; a fixed sample of a group's
            parameters does as well.
        forces: ∇U at the same times.
        directions: give one temperature for each column instead of their mean.

    Returns:
        Kind ``asymptotic``; the error is that of a time average of ``(θ − θ̄)·(∇U − mean)/d``.

    Raises:
        RecordError: where shapes differ, or with fewer than three times.

    Example:
        >>> generator = np.random.default_rng(0)
        >>> x = 0.5 * generator.normal(size=(4000, 20))  # U = 2 x²: T = Var x · U'' = 1
        >>> print(configurational_temperature(x, 4 * x).value)
        0.9995 ± 0.0049 (asymptotic)
    """
    theta, force = np.asarray(positions, dtype=np.float64), np.asarray(forces, dtype=np.float64)
    if theta.shape != force.shape:
        raise RecordError(f"positions shaped {theta.shape} and forces shaped {force.shape} do not pair.")
    count = len(theta)
    if count < 3:
        raise RecordError(f"a configurational temperature needs at least three times, not {count}: record longer.")
    theta, force = theta.reshape(count, -1), force.reshape(count, -1)
    products = (theta - theta.mean(0)) * (force - force.mean(0))
    if not directions:
        products = products.mean(1)
    average = time_average(products)
    value = average.value.value + _bias_of_the_centre(theta, force, directions)
    estimate = Estimate(value, average.value.error, Kind.ASYMPTOTIC, average.value.degrees_of_freedom)
    return TimeAverage(estimate, average.autocorrelation_time, average.effective_samples)


def _bias_of_the_centre(theta: ndarray, force: ndarray, directions: bool) -> ndarray | float:
    """What the block jackknife adds: ``(B − 1)(whole − mean of left-out)``, over B blocks of equal length."""
    count = len(theta)
    if count < 8:
        # Independent times: the sample covariance divides by n, not n − 1.
        whole = ((theta - theta.mean(0)) * (force - force.mean(0))).mean(0)
        bias = whole / (count - 1)
    else:
        blocks = jackknife_blocks(count)
        # Times that do not fill the blocks are left out at the start, where the window is oldest.
        length = count // blocks
        theta, force = (a[count - blocks * length :].reshape(blocks, length, -1) for a in (theta, force))
        sums = np.stack([theta.sum(1), force.sum(1), (theta * force).sum(1)])
        whole = _covariance(sums.sum(1), blocks * length)
        left_out = _covariance(sums.sum(1)[:, None] - sums, (blocks - 1) * length)
        bias = (blocks - 1) * (whole - left_out.mean(0))
    return bias if directions else float(bias.mean())


def _covariance(sums: ndarray, count: int) -> ndarray:
    """From sums of θ, of ∇U and of their product."""
    theta, force, product = sums
    return np.asarray(product / count - theta * force / count**2)


def configurational_of_gram(
    products: Float[ndarray, "times times"], parameters: float, within: Float[ndarray, " times"] | None = None
) -> TimeAverage:
    """``⟨(θ − θ̄)·∇U⟩/d`` over a window of equally spaced times, from the products of all positions and forces.

    The bias from θ̄ being the window's own mean is undone by a jackknife over blocks of times, as in
    :func:`szilard.reservoir.configurational_temperature`, to which this is equal without ``within``.

    Args:
        products: ``K_rq = θ_r·∇U_q``, about any fixed centre of θ.
        parameters: d.
        within: for each time the covariance within it; 0 by default.

    Returns:
        Kind ``asymptotic``; the error is that of a time average.

    Raises:
        RecordError: with fewer than three times, or a matrix that is not square.

    Example:
        >>> theta = np.array([[1.0], [-1.0], [1.0], [-1.0]])
        >>> configurational_of_gram(theta @ (2 * theta).T, 1).value.value  # Var θ · U'', 4/3 for 3 degrees of freedom
        2.6666666666666665
    """
    matrix = np.asarray(products, dtype=np.float64)
    count = len(matrix)
    if matrix.shape != (count, count) or count < 3:
        raise RecordError(f"a configurational temperature needs products of at least three times, not {matrix.shape}.")
    own = np.diagonal(matrix) + (0.0 if within is None else np.asarray(within, dtype=np.float64))
    series = own - matrix.mean(0) - matrix.mean(1) + matrix.mean()
    average = time_average(series / parameters)
    value = average.value.value + _bias(matrix, own) / parameters
    estimate = Estimate(float(value), average.value.error, Kind.ASYMPTOTIC, average.value.degrees_of_freedom)
    return TimeAverage(estimate, average.autocorrelation_time, average.effective_samples)


def jackknife_blocks(count: int) -> int:
    """Blocks that so many times are cut into: long enough that one is little like the next."""
    return 4 if count < 256 else 8


def _bias(matrix: ndarray, own: ndarray) -> float:
    """What the block jackknife adds: ``(B − 1)(whole − mean of left-out)``, over B blocks of equal length."""
    count = len(matrix)
    if count < 8:  # independent times: the sample covariance divides by n, not n − 1
        return float((own.mean() - matrix.mean()) / (count - 1))
    blocks = jackknife_blocks(count)
    length = count // blocks
    first = count - blocks * length  # times that do not fill the blocks are left out where the window is oldest
    inner = matrix[first:, first:].reshape(blocks, length, blocks, length).sum((1, 3))
    diagonal = own[first:].reshape(blocks, length).sum(1)
    total, used, rest = inner.sum(), blocks * length, (blocks - 1) * length
    whole = diagonal.sum() / used - total / used**2
    others = total - inner.sum(0) - inner.sum(1) + np.diagonal(inner)
    left_out = (diagonal.sum() - diagonal) / rest - others / rest**2
    return float((blocks - 1) * (whole - left_out.mean()))
