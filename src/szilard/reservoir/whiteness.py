"""Is the noise white: a portmanteau test that keeps its size, and how large the autocorrelation may be.

The statistic adds up, over lags, the squared sums of products ``d_s·d_{s+h}`` in units of what white noise gives. Its
distribution under whiteness comes from the data: flipping the signs of whole steps leaves noise without correlation as
it was, and products are as they were but for their signs. That is exact for symmetric noise, which differences of two
equal batches are, whatever their distribution and however their variance changes from step to step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.errors import RecordError, SpecError
from szilard.estimate import Estimate
from szilard.reservoir.contrasts import Largest, largest_effect
from szilard.reservoir.correlation import noise_autocorrelation

FLIPS = 1999
"""Random sign patterns, so that p-values come in units of 1/2000."""


@dataclass(frozen=True, slots=True)
class Whiteness:
    """Effects and tests.

    Attributes:
        lags: that were looked at.
        autocorrelation: ρ at each lag, with errors.
        largest: the largest |ρ| with its simultaneous interval and the index of its lag.
        p_value: of white noise, by the sum of squares over lags; sees correlation at any lag.
        p_sum: of white noise, two-sided, by the sum over lags; sees small correlations of one sign, as shuffled epochs
            leave them.
    """

    lags: tuple[int, ...]
    autocorrelation: Estimate
    largest: Largest
    p_value: float
    p_sum: float


def whiteness_of_gram(
    gram: Any, lags: Sequence[int], *, fresh_share: float = 0.5, level: float = 0.95, seed: int = 0
) -> Whiteness:
    """Whiteness of vector noise from Gram matrices of paired differences of consecutive steps.

    Args:
        gram: ``d_s·d_t``, shaped ``(steps, steps)`` or ``(bursts, steps, steps)``.
        lags: from 1 on.
        fresh_share: as for :func:`noise_covariance`.
        level: of the interval of ``largest``.
        seed: of the sign flips.

    Raises:
        SpecError: for lags out of range.
        RecordError: for arrays of another shape.
    """
    grams = np.asarray(gram.detach().cpu() if hasattr(gram, "detach") else gram, dtype=np.float64)
    lags = _checked(lags, grams.shape[-1])
    correlation = noise_autocorrelation(grams, lags, fresh_share=fresh_share)
    stacked = grams[None] if grams.ndim == 2 else grams
    products = [np.diagonal(stacked, lag, -2, -1) for lag in lags]
    return _whiteness(products, lags, correlation, level, seed)


def whiteness(
    series: Float[ndarray, "... times"], lags: Sequence[int], *, level: float = 0.95, seed: int = 0
) -> Whiteness:
    """Whiteness of scalar series of zero mean; several series are taken as independent.

    Args:
        series: shaped ``(times,)`` or ``(series, times)``; subtract a mean that is not zero (it costs a bias of −1/n).
        lags, level, seed, raises: as for :func:`whiteness_of_gram`.

    Example:
        >>> x = np.random.default_rng(0).normal(size=4000)
        >>> y = x[1:] + 0.3 * x[:-1]  # moving average: ρ(1) = 0.3/1.09 = 0.28
        >>> found = whiteness(y, [1, 2, 3])
        >>> found.p_value, found.largest.where, found.largest.low > 0.2
        (0.0005, (0,), True)
    """
    rows = np.atleast_2d(np.asarray(series, dtype=np.float64))
    count = rows.shape[-1]
    lags = _checked(lags, count)
    products = [rows[:, : count - lag] * rows[:, lag:] for lag in lags]
    return _whiteness(products, lags, _series_autocorrelation(rows, products), level, seed)


def _series_autocorrelation(rows: ndarray, products: list[ndarray]) -> Estimate:
    """ρ by lag, with the error of white noise whose variance may change (Lobato et al. 2001)."""
    from szilard.estimate import Kind

    variance = np.square(rows).mean()
    values = np.array([p.mean() for p in products]) / variance
    errors = np.array([p.std(ddof=1) / np.sqrt(p.size) for p in products]) / variance
    return Estimate(values, errors, Kind.ASYMPTOTIC, float(min(p.size for p in products) - 1))


def _whiteness(
    products: list[ndarray], lags: tuple[int, ...], correlation: Estimate, level: float, seed: int
) -> Whiteness:
    generator = np.random.default_rng(seed)
    bursts, steps = products[0].shape[0], products[0].shape[1] + lags[0]
    scales = np.array([np.sqrt(np.square(p).sum()) for p in products])
    if not (scales > 0).all():
        raise RecordError("some products of differences are all zero: there is no noise to test.")
    seen = _scores(products, lags, scales, np.ones((bursts, steps)))
    flipped = np.array(
        [_scores(products, lags, scales, generator.choice((-1.0, 1.0), (bursts, steps))) for _ in range(FLIPS)]
    )
    # A relative hair, so that patterns equal to the one seen count as equal.
    hair = 1 - 1e-12
    squares = np.square(flipped).sum(1) >= hair * np.square(seen).sum()
    sums = np.abs(flipped.sum(1)) >= hair * abs(seen.sum())
    p_value, p_sum = (float(1 + reached.sum()) / (1 + FLIPS) for reached in (squares, sums))
    largest = largest_effect(correlation.value, correlation.error, correlation.degrees_of_freedom, level)
    return Whiteness(lags, correlation, largest, p_value, p_sum)


def _scores(products: list[ndarray], lags: tuple[int, ...], scales: ndarray, signs: ndarray) -> ndarray:
    """The sum of products at each lag in units of white noise, with the steps' signs flipped."""
    steps = signs.shape[1]
    return np.array(
        [(p * signs[:, : steps - lag] * signs[:, lag:]).sum() for p, lag in zip(products, lags, strict=True)]
    ) / (scales)


def _checked(lags: Sequence[int], steps: int) -> tuple[int, ...]:
    checked = tuple(int(lag) for lag in lags)
    if not checked or any(not 1 <= lag <= steps - 2 for lag in checked):
        raise SpecError(f"lags must lie between 1 and {steps - 2}, as there are {steps} steps, not {list(lags)}.")
    return checked
