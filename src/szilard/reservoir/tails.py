"""How heavy the tails of gradient noise are: Hill's index, and the moment estimator that can also say "light".

A power law P(X > x) ∝ x^(−α) has as many finite moments as are below α: α < 2 means infinite variance, and no
temperature. Light tails (Gaussian, exponential) have no α; Hill's estimate of them is large and grows with the sample.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.distributions import gamma_quantile
from szilard.errors import RecordError
from szilard.estimate import Estimate, Kind

FEWEST = 5
"""The fewest exceedances that an index is made of."""


def exceedances(count: int) -> int:
    """How many of the largest values the indices use by default: ``⌊n^(2/3)/2⌋``, at least five, at most n/4.

    For a tail that is Pareto up to a term of relative order x^(−α), bias and spread balance at k ∝ n^(2/3)
    (Hall 1982).

    Example:
        >>> exceedances(50), exceedances(1000), exceedances(100_000)
        (6, 50, 1077)
    """
    return max(min(int(count ** (2 / 3) / 2 + 1e-9), count // 4), FEWEST)


def tail_index(sample: Float[ndarray, " values"], exceeding: int | None = None) -> Estimate:
    """Hill's index α of the absolute values: ``α = (k − 1)/Σ_{i≤k} ln(x_(i)/x_(k+1))``.

    x_(1) ≥ x_(2) ≥ … are absolute values; k − 1 in place of k makes it unbiased for an exact power law, of which its
    error is ``α/√(k − 2)``.

    Args:
        sample: independent values, of any sign (coordinates of the noise over independent draws, or its norms).
        exceeding: k; :func:`exceedances` by default.

    Returns:
        Kind ``asymptotic``, on k − 1 degrees of freedom.

    Raises:
        RecordError: with too few values, or zeros among the largest.

    Example:
        >>> pareto = np.random.default_rng(0).pareto(1.5, size=100_000) + 1
        >>> print(tail_index(pareto))
        1.435 ± 0.044 (asymptotic)
    """
    logs = _log_ratios(sample, exceeding)
    k = len(logs)
    alpha = (k - 1) / float(logs.sum())
    return Estimate(alpha, alpha / math.sqrt(k - 2), Kind.ASYMPTOTIC, float(k - 1))


def tail_interval(
    sample: Float[ndarray, " values"], exceeding: int | None = None, level: float = 0.95
) -> tuple[float, float]:
    """Exact interval of α for a power law beyond x_(k+1), where ``α Σ ln(x_(i)/x_(k+1))`` is Gamma with shape k."""
    if not 0 < level < 1:
        raise ValueError(f"level must lie strictly between 0 and 1, not {level}: give 0.95 for a 95 % interval.")
    logs = _log_ratios(sample, exceeding)
    total = float(logs.sum())
    low, high = (gamma_quantile(0.5 + side * level / 2, len(logs)) / total for side in (-1, 1))
    return low, high


def extreme_value_index(sample: Float[ndarray, " values"], exceeding: int | None = None) -> Estimate:
    """γ = 1/α of a heavy tail, 0 of an exponential or Gaussian one, negative of a bounded one (Dekkers et al. 1989).

    ``γ = M₁ + 1 − ½/(1 − M₁²/M₂)`` with the first and second moment of ``ln(x_(i)/x_(k+1))``. The bias of order 1/k is
    removed by the jackknife; the error is the asymptotic one at γ. Kind ``asymptotic``: for Gaussian values the bias
    dies only as 1/ln n.

    Args, raises: as :func:`tail_index`.
    """
    logs = _log_ratios(sample, exceeding)
    k = len(logs)
    first, second = logs.sum(), np.square(logs).sum()
    whole = _moment_index(first / k, second / k)
    left_out = _moment_index((first - logs) / (k - 1), (second - logs**2) / (k - 1))
    gamma = float(k * whole - (k - 1) * left_out.mean())
    if gamma >= 0:
        variance = 1 + gamma**2
    else:
        variance = (1 - gamma) ** 2 * (1 - 2 * gamma)
        variance *= (
            4
            - 8 * (1 - 2 * gamma) / (1 - 3 * gamma)
            + (5 - 11 * gamma) * (1 - 2 * gamma) / ((1 - 3 * gamma) * (1 - 4 * gamma))
        )
    return Estimate(gamma, math.sqrt(variance / k), Kind.ASYMPTOTIC, float(k - 1))


def _moment_index(first: Any, second: Any) -> Any:
    return first + 1 - 0.5 / (1 - first**2 / second)


def _log_ratios(sample: ndarray, exceeding: int | None) -> ndarray:
    """``ln(x_(i)/x_(k+1))`` of the k largest absolute values."""
    values = np.abs(np.asarray(sample, dtype=np.float64).ravel())
    k = exceedances(len(values)) if exceeding is None else exceeding
    if not FEWEST <= k < len(values):
        raise RecordError(
            f"a tail index of {k} exceedances cannot be had from {len(values)} values: give more values, "
            f"and at least {FEWEST} exceedances."
        )
    largest = np.partition(values, len(values) - k - 1)[len(values) - k - 1 :]
    threshold = largest.min()
    if threshold == 0 or not np.isfinite(largest).all():
        raise RecordError("the largest values hold zeros or numbers that are not finite: there is no tail to measure.")
    logs = np.sort(np.log(largest / threshold))[1:]
    if logs[-1] == 0:
        raise RecordError(f"the {k} largest values are all alike: there is no tail to measure.")
    return logs
