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
from szilard.estimate import Estimate, Kind
from szilard.reservoir.contrasts import Largest, largest_effect
from szilard.reservoir.correlation import noise_autocorrelation

FLIPS = 1999
"""Random sign patterns, so that p-values come in units of 1/2000."""
CHUNK = 1 << 20
"""Signs that are held at once."""


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
    gram: Any, lags: Sequence[int], *, fresh_share: float = 0.5, level: float = 0.95, flips: int = FLIPS, seed: int = 0
) -> Whiteness:
    """Whiteness of vector noise from Gram matrices of paired differences of consecutive steps.

    Args:
        gram: ``d_s·d_t``, shaped ``(steps, steps)`` or ``(bursts, steps, steps)``.
        lags: from 1 on.
        fresh_share: as for :func:`noise_covariance`.
        level: of the interval of ``largest``.
        flips, seed: number and seed of the random sign patterns.

    Raises:
        SpecError: for lags out of range.
        RecordError: for arrays of another shape.
    """
    grams = np.asarray(gram.detach().cpu() if hasattr(gram, "detach") else gram, dtype=np.float64)
    lags = _checked(lags, grams.shape[-1])
    correlation = noise_autocorrelation(grams, lags, fresh_share=fresh_share)
    products = [np.diagonal(grams.reshape(-1, *grams.shape[-2:]), lag, -2, -1) for lag in lags]
    return _whiteness(products, lags, correlation, level, flips, seed)


def whiteness(
    series: Float[ndarray, "... times"], lags: Sequence[int], *, level: float = 0.95, flips: int = FLIPS, seed: int = 0
) -> Whiteness:
    """Whiteness of scalar series of zero mean; several series are taken as independent.

    Args:
        series: shaped ``(times,)`` or ``(series, times)``; subtract a mean that is not zero (it costs a bias of −1/n).
        lags, level, flips, seed: as for :func:`whiteness_of_gram`.

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
    return _whiteness(products, lags, _series_autocorrelation(rows, products), level, flips, seed)


def _series_autocorrelation(rows: ndarray, products: list[ndarray]) -> Estimate:
    """ρ by lag, with the error of white noise whose variance may change (Lobato et al. 2001)."""
    variance = np.square(rows).mean()
    values = np.array([p.mean() for p in products]) / variance
    errors = np.array([p.std(ddof=1) / np.sqrt(p.size) for p in products]) / variance
    return Estimate(values, errors, Kind.ASYMPTOTIC, float(min(p.size for p in products) - 1))


def _whiteness(
    products: list[ndarray], lags: tuple[int, ...], correlation: Estimate, level: float, flips: int, seed: int
) -> Whiteness:
    scales = np.array([np.sqrt(np.square(p).sum()) for p in products])
    if not (scales > 0).all():
        raise RecordError("some products of differences are all zero: there is no noise to test.")
    bursts, steps = products[0].shape[0], products[0].shape[1] + lags[0]
    seen = _scores(products, lags, scales, np.ones((1, bursts, steps)))[0]
    generator = np.random.default_rng(seed)
    chunk = max(1, CHUNK // (bursts * steps))
    reached = np.zeros(2, dtype=int)
    # A relative hair, so that patterns equal to the one seen count as equal.
    least = (1 - 1e-12) * np.array([np.square(seen).sum(), abs(seen.sum())])
    for start in range(0, flips, chunk):
        signs = generator.choice((-1.0, 1.0), (min(chunk, flips - start), bursts, steps))
        scores = _scores(products, lags, scales, signs)
        reached += (np.stack([np.square(scores).sum(1), np.abs(scores.sum(1))], axis=1) >= least).sum(0)
    p_value, p_sum = (1 + reached) / (1 + flips)
    largest = largest_effect(correlation.value, correlation.error, correlation.degrees_of_freedom, level)
    return Whiteness(lags, correlation, largest, float(p_value), float(p_sum))


def _scores(products: list[ndarray], lags: tuple[int, ...], scales: ndarray, signs: ndarray) -> ndarray:
    """For each pattern of signs, the sum of products at each lag in units of white noise, ``(patterns, lags)``."""
    steps = signs.shape[-1]
    sums = [
        np.einsum("bt,pbt,pbt->p", p, signs[..., : steps - lag], signs[..., lag:])
        for p, lag in zip(products, lags, strict=True)
    ]
    return np.stack(sums, axis=1) / scales


def _checked(lags: Sequence[int], steps: int) -> tuple[int, ...]:
    checked = tuple(int(lag) for lag in lags)
    if not checked or any(not 1 <= lag <= steps - 2 for lag in checked):
        raise SpecError(f"lags must lie between 1 and {steps - 2}, as there are {steps} steps, not {list(lags)}.")
    return checked
