"""Exponents: the slope of a logarithm on a logarithm, replicate by replicate, with an error from their spread."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from szilard.errors import SpecError
from szilard.estimate import Estimate, Kind


def exponent(scale: ArrayLike, values: ArrayLike) -> Estimate:
    """γ of ``values ∝ scale^γ``: the mean over replicates of the least-squares slope of ln values on ln scale.

    Replicates are independent (seeds) and each is fitted by itself, so that nothing is assumed of errors that are
    common to all scales of one replicate. The kind is ``asymptotic``: a law that holds to leading order bends the line.

    Args:
        scale: positive, at least two of them distinct, shape (scales,).
        values: positive, shape (replicates, scales).

    Returns:
        The exponent with the standard error of the mean over replicates (NaN for a single one), replicates − 1
        degrees of freedom. NaN where a value is not positive, or not finite.

    Raises:
        SpecError: if the shapes do not fit or the scales are not positive and distinct.

    Example:
        >>> rates = [0.1, 0.05, 0.025]
        >>> law = exponent(rates, [[3 * rate**2 for rate in rates], [5 * rate**2 for rate in rates]])
        >>> round(law.value, 9), round(law.error, 9), law.degrees_of_freedom
        (2.0, 0.0, 1)
    """
    slopes = _slopes(np.asarray(scale, dtype=float), np.asarray(values, dtype=float))
    count = len(slopes)
    error = float(slopes.std(ddof=1) / np.sqrt(count)) if count > 1 else float("nan")
    return Estimate(float(slopes.mean()), error, Kind.ASYMPTOTIC, max(count - 1, 1))


def _slopes(scale: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    if scale.ndim != 1 or values.ndim != 2 or values.shape[1] != len(scale) or not len(values):
        raise SpecError(
            f"an exponent needs values shaped (replicates, {len(scale)}), one for each scale, not {values.shape}."
        )
    if not (scale > 0).all() or np.ptp(scale) == 0:
        raise SpecError("an exponent needs at least two distinct positive scales: give more of them.")
    x = np.log(scale) - np.log(scale).mean()
    with np.errstate(divide="ignore", invalid="ignore"):
        y = np.where((values > 0) & np.isfinite(values), np.log(values), np.nan)
    return np.asarray((y @ x) / (x @ x))
