"""Averages over time whose error knows that neighbours are alike: integrated autocorrelation time, effective samples.

The mean of n correlated samples has variance ``γ_0 τ/n`` with ``τ = 1 + 2 Σ_{h≥1} ρ(h)``. The sum is cut by Geyer's
initial monotone sequence (Statistical Science 7, 473, 1992): sums of neighbouring pairs, as long as they are positive,
made to fall. The bias of the sample's own mean is undone to first order in window/n (Wolff, hep-lat/0306017).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.errors import RecordError
from szilard.estimate import Estimate, Kind

LARGEST = 0.98
"""The largest coefficient that is believed of a short AR(1)."""


_ROUNDING = 8 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class TimeAverage:
    """A mean over time.

    Attributes:
        value: the mean with its error; arrays where the series has more dimensions than time.
        autocorrelation_time: integrated, in samples; 1 for white noise, and never less: anticorrelation is not
            credited, so that errors are too wide there rather than too narrow.
        effective_samples: n/τ, the number of independent samples with the same error.
    """

    value: Estimate
    autocorrelation_time: Any
    effective_samples: Any


def time_average(series: ndarray, axis: int = 0) -> TimeAverage:
    """The mean of a stationary series along ``axis``, with autocorrelation time and effective sample size.

    The error has ``n/(2τ−1) − 1`` degrees of freedom, at least one: n − 1 for white noise, half the effective samples
    for slow series, whose τ is itself uncertain (over several series, the fewest). Fewer than about ten effective
    samples leave intervals too narrow; docs/quantities/temperature.md has the measured coverage.

    Args:
        series: equally spaced in time, real.
        axis: of time.

    Returns:
        Kind ``unbiased`` (for a series that is stationary).

    Raises:
        RecordError: with fewer than two times, or numbers that are not finite.

    Example:
        >>> generator = np.random.default_rng(0)
        >>> x = np.zeros(20_000)
        >>> for t in range(1, len(x)):
        ...     x[t] = 0.8 * x[t - 1] + generator.normal()
        >>> average = time_average(x)  # τ = (1 + 0.8)/(1 − 0.8) = 9
        >>> print(average.value, f"{average.autocorrelation_time:.1f}", f"{average.effective_samples:.0f}")
        0.024 ± 0.038 (unbiased) 10.4 1930
    """
    values = np.asarray(series, dtype=np.float64)
    values = values if axis == 0 else np.moveaxis(values, axis, 0)
    count = len(values)
    if count < 2:
        raise RecordError(f"a time average needs at least two times for its error, not {count}: record longer.")
    if not np.isfinite(values).all():
        raise RecordError("the series holds numbers that are not finite: average the time before them.")
    columns = values.reshape(count, -1)
    variance, tau = _variances_and_times(columns)
    shape = values.shape[1:]
    error = np.sqrt(variance * tau / count)
    degrees = max(count / (2 * float(tau.max()) - 1) - 1, 1.0)
    mean = columns.mean(0)
    if not shape:
        value = Estimate(float(mean[0]), float(error[0]), Kind.UNBIASED, degrees)
        return TimeAverage(value, float(tau[0]), float(count / tau[0]))
    value = Estimate(mean.reshape(shape), error.reshape(shape), Kind.UNBIASED, degrees)
    return TimeAverage(value, tau.reshape(shape), (count / tau).reshape(shape))


def autocovariance(series: ndarray) -> ndarray:
    """``γ(h) = Σ_t x_t x_{t+h} / n`` of the centred series, for h = 0 … n − 1."""
    return _autocovariances(np.asarray(series, dtype=np.float64)[None])[0]


def residual_time(residuals: ndarray, fitted: int) -> float:
    """Autocorrelation time of what a fit has left, which looks whiter than the noise was.

    The larger of Geyer's sum and that of an AR(1) whose coefficient is corrected for the fit: with p fitted parameters
    ``E φ̂ − φ = −[p + (p + 2) φ]/n`` to first order (Kendall 1954 for p = 1).

    Args:
        residuals: equally spaced in time.
        fitted: p.

    Example:
        >>> residual_time(np.array([1.0, -1.0] * 20), fitted=2)
        1.0
    """
    count = len(residuals)
    gamma = autocovariance(residuals)
    if gamma[0] == 0:
        return 1.0
    raw = float(gamma[1] / gamma[0])
    corrected = min((raw + fitted / count) / (1 - (fitted + 2) / count), LARGEST) if count > fitted + 2 else LARGEST
    markov = (1 + corrected) / (1 - corrected)
    return max(float(_variances_and_times(np.asarray(residuals, dtype=np.float64)[:, None])[1][0]), markov, 1.0)


def time_ratio(numerators: ndarray, denominators: ndarray) -> TimeAverage:
    """⟨a⟩/⟨b⟩ of two series in time, with the error of the linearised residuals ``(a_t − R b_t)/⟨b⟩``.

    Kind ``asymptotic``. The residuals' autocorrelation time is that of the ratio.

    Raises:
        RecordError: as :func:`time_average`, or where the series do not pair or ⟨b⟩ is 0.
    """
    a, b = np.asarray(numerators, dtype=np.float64), np.asarray(denominators, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1:
        raise RecordError(f"series shaped {a.shape} and {b.shape} do not pair: give two of the same times.")
    if b.mean() == 0:
        raise RecordError("the denominator's mean is zero: there is no ratio.")
    ratio = float(a.mean() / b.mean())
    residual = time_average((a - ratio * b) / b.mean())
    value = Estimate(ratio, residual.value.error, Kind.ASYMPTOTIC, residual.value.degrees_of_freedom)
    return TimeAverage(value, residual.autocorrelation_time, residual.effective_samples)


def _autocovariances(series: Float[ndarray, "series times"]) -> Float[ndarray, "series lags"]:
    """Those of several series, all at once."""
    count = series.shape[1]
    length = 1 << (2 * count - 1).bit_length()
    spectrum = np.fft.rfft(series - series.mean(1, keepdims=True), length)
    return np.asarray(np.fft.irfft(spectrum.real**2 + spectrum.imag**2, length)[:, :count] / count)


def _variances_and_times(
    columns: Float[ndarray, "times series"],
) -> tuple[Float[ndarray, " series"], Float[ndarray, " series"]]:
    """Of each series the unbiased-for-white variance γ_0 n/(n−1), and τ in its units."""
    count = len(columns)
    series = np.ascontiguousarray(columns.T)  # whose sums along time are made pairwise
    gamma = _autocovariances(series)
    pairs = gamma[:, : count - count % 2 : 2] + gamma[:, 1::2]
    # Geyer: as long as they are positive, and never rising; the first in any case
    kept = np.logical_and.accumulate(pairs > 0, 1)
    kept[:, 0] = True
    total = 2 * (np.minimum.accumulate(pairs, 1) * kept).sum(1) - gamma[:, 0]
    total *= 1 + 2 * kept.sum(1) / count
    variance = gamma[:, 0] * count / (count - 1)
    # A constant's covariances are rounding, of which there is no correlation time.
    constant = gamma[:, 0] <= (_ROUNDING * np.abs(series).max(1)) ** 2
    if constant.any():
        total, variance = np.where(constant, 0.0, total), np.where(constant, 0.0, variance)
        return variance, np.maximum(total / np.where(constant, 1.0, variance), 1.0)
    return variance, np.maximum(total / variance, 1.0)
