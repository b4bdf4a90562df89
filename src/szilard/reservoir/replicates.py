"""What independent replicates say together: ratios, medians and exponents, with intervals.

Ratios of means with honest errors: the jackknife, and Fieller's interval where the denominator may vanish.

The median over replicates with an interval that assumes nothing of their distribution, infinite values included.

Exponents: the slope of a logarithm on a logarithm, replicate by replicate, with an error from their spread.
"""

from __future__ import annotations

import math
from math import comb

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.typing import ArrayLike, NDArray

from szilard.errors import RecordError, SpecError
from szilard.estimate import Estimate, Kind


def mean_of(draws: Float[ndarray, " draws"], kind: Kind = Kind.UNBIASED) -> Estimate:
    """The mean of independent draws with its standard error, on Student's t with draws − 1 degrees of freedom.

    One draw has a value and no error: NaN, on 0 degrees of freedom.

    Example:
        >>> print(mean_of([1.0, 2.0, 3.0]))
        2.00 ± 0.58 (unbiased)
    """
    draws = np.asarray(draws, dtype=np.float64).ravel()
    count = len(draws)
    if count == 0:
        raise RecordError("there is no draw to take the mean of: give one number per draw.")
    error = float(draws.std(ddof=1)) / math.sqrt(count) if count > 1 else math.nan
    return Estimate(float(draws.mean()), error, kind, float(count - 1))


def ratio_of_means(
    numerators: Float[ndarray, " draws"], denominators: Float[ndarray, " draws"], *, kind: Kind = Kind.ASYMPTOTIC
) -> Estimate:
    """⟨a⟩/⟨b⟩ from paired draws (a_i, b_i): the ratio of the means, never the mean of the ratios.

    Bias to order 1/draws and error are those of the delete-one jackknife, on draws − 1 degrees of freedom. Where the
    denominator is not many of its own errors from 0, neither value nor error mean much: see :func:`fieller_interval`.

    Raises:
        RecordError: with fewer than two draws, or arrays that do not pair.

    Example:
        >>> ratio_of_means([2.0, 4.0, 6.0], [1.0, 2.0, 3.0]).value
        2.0
    """
    a, b = _pairs(numerators, denominators)
    count = len(a)
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = a.sum() / b.sum()
        left_out = (a.sum() - a) / (b.sum() - b)  # infinite where a single draw is all of the denominator
        value = count * whole - (count - 1) * left_out.mean()
        error = math.sqrt((count - 1) * float(np.square(left_out - left_out.mean()).mean()))
    return Estimate(float(value), error, kind, float(count - 1))


def fieller_interval(
    numerators: Float[ndarray, " draws"], denominators: Float[ndarray, " draws"], level: float = 0.95
) -> tuple[float, float]:
    """The interval of ⟨a⟩/⟨b⟩ that stays honest where ⟨b⟩ may be zero (Fieller 1954).

    All ratios ρ for which ``mean(a − ρ b)`` is not significantly different from 0, by Student's t on draws − 1
    degrees of freedom. Where ⟨b⟩ itself cannot be told from 0, the set is unbounded: (−inf, inf) is returned for every
    such case, also where the set leaves a gap.

    Raises:
        RecordError: with fewer than two draws, or arrays that do not pair.
        ValueError: if ``level`` is not strictly between 0 and 1.
    """
    a, b = _pairs(numerators, denominators)
    count = len(a)
    quantile = Estimate(0.0, 1.0, Kind.UNBIASED, float(count - 1)).interval(level)[1]
    covariance = np.cov(a, b) / count * quantile**2
    mean_a, mean_b = a.mean(), b.mean()
    # (ā − ρ b̄)² ≤ t² Var(ā − ρ b̄), a quadratic in ρ.
    square = mean_b**2 - covariance[1, 1]
    cross = mean_a * mean_b - covariance[0, 1]
    constant = mean_a**2 - covariance[0, 0]
    if square <= 0:
        return -math.inf, math.inf
    half = math.sqrt(max(cross**2 - square * constant, 0.0))  # not negative but for rounding, as square > 0
    return float((cross - half) / square), float((cross + half) / square)


def _pairs(numerators: Float[ndarray, " draws"], denominators: Float[ndarray, " draws"]) -> tuple[ndarray, ndarray]:
    a = np.asarray(numerators, dtype=np.float64).ravel()
    b = np.asarray(denominators, dtype=np.float64).ravel()
    if len(a) != len(b):
        raise RecordError(f"{len(a)} numerators do not pair with {len(b)} denominators: give one of each per draw.")
    if len(a) < 2:
        raise RecordError(f"a ratio of means needs at least two draws for its error, not {len(a)}: draw more.")
    return a, b


def median(values: ArrayLike, level: float = 0.95) -> tuple[float, tuple[float, float]]:
    """The median and the narrowest pair of order statistics that holds it with probability ``level`` or more.

    With n independent replicates the k-th smallest and the k-th largest hold the true median with probability
    ``1 − 2 Σ_{i<k} C(n,i)/2ⁿ``. Six are the fewest that give 95 %.

    Args:
        values: of independent replicates.
        level: of the interval.

    Returns:
        The median, and the interval; its ends are NaN where there are too few replicates for the level, or one is
        undefined.

    Example:
        >>> median([3.0, 1.0, 2.0, float("inf"), 5.0, 4.0])
        (3.5, (1.0, inf))
        >>> median([1.0, 2.0, 3.0])
        (2.0, (nan, nan))
    """
    ordered = np.sort(np.asarray(values, dtype=float).ravel())
    count = len(ordered)
    if not count or np.isnan(ordered).any():
        return float("nan"), (float("nan"), float("nan"))
    middle = float(np.median(ordered))
    outside, depth = 0, 0
    while depth < count // 2 and 2 * (outside + comb(count, depth)) <= (1 - level) * 2**count:
        outside += comb(count, depth)
        depth += 1
    if not depth:
        return middle, (float("nan"), float("nan"))
    return middle, (float(ordered[depth - 1]), float(ordered[count - depth]))


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
