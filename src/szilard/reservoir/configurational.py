"""The configurational temperature from scalar products alone, for a window that moves: no vector is summed twice.

``⟨(θ − θ̄)·∇U⟩/d`` needs of positions θ_r and forces G_q only ``K_rq = θ_r·G_q``. A record that stands for several
close times has their means as θ_r and G_r, and beside them what the means leave out, ``⟨(θ − θ_r)·(∇U − G_r)⟩``.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.errors import RecordError
from szilard.estimate import Estimate, Kind
from szilard.reservoir.time_average import TimeAverage, time_average


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
