"""How gradient noise correlates from step to step, and what shuffling in epochs makes of it.

With ``d_s = g'_s − g_s``, g_s the loop's gradient and g'_s that of a fresh, independent batch at the same θ_s, the mean
of ``d_s·d_{s+h}`` is the covariance of the loop's noise at lag h ≥ 1 without bias: fresh noise steers nothing, so it
is uncorrelated with everything before and after. At lag 0 the variances of loop and fresh batch add up.

The temperature of coloured noise: its covariance summed over all lags, with what is known of shuffled epochs.

``T = (R/2) Σ_h C(h) q^|h|`` over both signs of h, with R the optimiser's response and ``q = 1 − r λ`` in a direction of
curvature λ: for θ' = q θ − r η this is exactly ``λ (1 − r λ/2) Var θ`` (Green and Kubo's sum at λ = 0).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.errors import RecordError, SpecError
from szilard.estimate import Estimate, Kind
from szilard.reservoir.dynamics import Dynamics
from szilard.reservoir.replicates import ratio_of_means


def noise_covariance(differences: Any, lags: Sequence[int], *, fresh_share: float = 0.5) -> Estimate:
    """``C(h) = ⟨η_s·η_{s+h}⟩/d`` for each lag, from paired differences of consecutive steps.

    Args:
        differences: d_s = g'_s − g_s, shaped ``(steps, d)``, an array or a tensor.
        lags: whole numbers from 0 to steps − 1.
        fresh_share: the fresh batch's part of the variance at lag 0, ``(1/|b'|)/(1/|b| + 1/|b'|)``; 0.5 for equal
            sizes, 0 where g' is the full gradient.

    Returns:
        An array over lags, kind ``unbiased``, errors as of :func:`covariance_of_gram`.

    Raises:
        SpecError: for lags out of range.
    """
    return covariance_of_gram(differences @ differences.T, lags, differences.shape[-1], fresh_share=fresh_share)


def covariance_of_gram(gram: Any, lags: Sequence[int], parameters: int, *, fresh_share: float = 0.5) -> Estimate:
    """The same from the Gram matrix ``d_s·d_t``, shaped ``(steps, steps)``, or ``(bursts, steps, steps)``.

    With several bursts the error is over bursts, whose means are independent. With one, it is that of white noise:
    products of different steps are uncorrelated then, and the root mean square of all of them is their spread, on
    steps − 1 degrees of freedom.

    Example:
        >>> print(covariance_of_gram(np.eye(3) * 4.0, [0, 1], parameters=2).value)
        [1. 0.]
    """
    grams = _checked(gram)
    draws = covariance_draws(grams, lags, parameters, fresh_share=fresh_share)
    counts = np.array([len(draw) for draw in draws])
    values = np.array([draw.mean() for draw in draws])
    spreads = np.array([draw.std(ddof=1) if len(draw) > 1 else np.nan for draw in draws])
    if len(grams) == 1:
        spreads[np.asarray(lags) > 0] = _spread_of_products(grams[0]) / parameters
    return Estimate(values, spreads / np.sqrt(counts), Kind.UNBIASED, float(_independent(grams) - 1))


def covariance_draws(
    gram: Any, lags: Sequence[int], parameters: int, *, fresh_share: float = 0.5
) -> list[Float[ndarray, " draws"]]:
    """Values of which :func:`covariance_of_gram` takes means: for each lag one a pair of steps, or one a burst."""
    grams = _checked(gram)
    steps = grams.shape[-1]
    if not len(lags) or any(not 0 <= lag <= steps - 1 for lag in lags):
        raise SpecError(f"lags must lie between 0 and {steps - 1}, as there are {steps} steps, not {list(lags)}.")
    draws = []
    for lag in lags:
        diagonal = np.diagonal(grams, lag, -2, -1) / parameters
        diagonal = diagonal * (1 - fresh_share) if lag == 0 else diagonal
        draws.append(diagonal.mean(-1) if len(grams) > 1 else diagonal.ravel())
    return draws


def noise_autocorrelation(gram: Any, lags: Sequence[int], *, fresh_share: float = 0.5) -> Estimate:
    """``ρ(h) = C(h)/C(0)`` from Gram matrices of paired differences, ``(steps, steps)`` or ``(bursts, steps, steps)``.

    The ratio of means; error by the jackknife over bursts, or, with one burst, that of C(h) with C(0) held fixed. 1 at
    lag 0, with error 0. Kind ``asymptotic``.
    """
    grams = _checked(gram)
    variance, *covariances = covariance_draws(grams, [0, *lags], 1, fresh_share=fresh_share)
    spread = _spread_of_products(grams[0]) if len(grams) == 1 else np.nan
    found = []
    for lag, draw in zip(lags, covariances, strict=True):
        if lag == 0:
            found.append(Estimate(1.0, 0.0, Kind.ASYMPTOTIC))
        elif len(grams) > 1:
            found.append(ratio_of_means(draw, variance))
        else:
            scale = variance.mean()
            error = spread / np.sqrt(len(draw))
            found.append(Estimate(draw.mean() / scale, error / scale, Kind.ASYMPTOTIC))
    values, errors = (np.array([getattr(one, name) for one in found], dtype=float) for name in ("value", "error"))
    return Estimate(values, errors, Kind.ASYMPTOTIC, float(_independent(grams) - 1))


def _checked(gram: Any) -> Float[ndarray, "bursts steps steps"]:
    """Gram matrices of bursts as a float64 array, one burst where there was but one matrix."""
    grams = np.asarray(gram.detach().cpu() if hasattr(gram, "detach") else gram, dtype=np.float64)
    if grams.ndim not in (2, 3) or grams.shape[-2] != grams.shape[-1] or grams.shape[-1] < 2 or not len(grams):
        raise RecordError(
            f"a Gram matrix is shaped (steps, steps) or (bursts, steps, steps), two steps or more, not {grams.shape}."
        )
    return grams.reshape(-1, *grams.shape[-2:])


def _spread_of_products(gram: Float[ndarray, "steps steps"]) -> float:
    """Root mean square of ``d_s·d_t`` over s ≠ t."""
    return float(np.sqrt(np.square(gram[np.triu_indices(len(gram), 1)]).mean()))


def _independent(grams: Float[ndarray, "bursts steps steps"]) -> int:
    """What errors rest on: bursts, or the steps of the only one."""
    return len(grams) if len(grams) > 1 else grams.shape[-1]


def shuffled_autocorrelation(batches: int, lag: int) -> float:
    """Autocorrelation of the noise at fixed θ under the usual loader: every epoch a new shuffle, M batches each.

    ``ρ(h) = −(M − h)/[M(M − 1)]`` for 1 ≤ h < M, 0 beyond, averaged over the place in the epoch: the batches of an
    epoch add up to the full gradient, so their noises add up to zero. Summed over both signs of h this cancels ρ(0).

    Args:
        batches: M, batches in an epoch, of equal size.
        lag: h ≥ 0, in steps.

    Raises:
        SpecError: with fewer than two batches (one batch has no noise), or a negative lag.

    Example:
        >>> [round(shuffled_autocorrelation(4, lag), 4) for lag in range(5)]
        [1.0, -0.25, -0.1667, -0.0833, 0.0]
        >>> abs(1 + 2 * sum(shuffled_autocorrelation(10, lag) for lag in range(1, 10))) < 1e-12
        True
    """
    if batches < 2:
        raise SpecError(f"{batches} batch in an epoch is the full gradient, which has no noise to correlate.")
    if lag < 0:
        raise SpecError(f"a lag is counted forwards, from 0, not {lag}.")
    if lag == 0:
        return 1.0
    return -max(batches - lag, 0) / (batches * (batches - 1))


def green_kubo_temperature(
    dynamics: Dynamics,
    covariance: Estimate,
    lags: Sequence[int],
    *,
    shuffled_batches: int | None = None,
    decay: float = 0.0,
) -> Estimate:
    """The temperature that the noise's covariance, lags 0 to H, makes of it.

    Args:
        dynamics: gives the response R; with ``decay`` it must be SGD without momentum.
        covariance: C(h) at ``lags``, as from :func:`noise_covariance` (Adam: of preconditioned noise).
        lags: 0, 1, …, H without a gap.
        shuffled_batches: M, batches in an epoch of the usual loader; lags beyond H then get the exact covariance
            at fixed θ, ``−c (M − h)/[M (M − 1)]``, so that a short window shows the true sum. None: draws with
            replacement, nothing beyond H.
        decay: r λ of the direction; 0 for the flattest.

    Returns:
        Errors of lags added as independent (the products of white noise are). Kind ``hypothesis``.

    Raises:
        SpecError: for lags with gaps, or a decay with momentum or outside of [0, 2).

    Example:
        >>> sgd, white = Dynamics("sgd", 0.1), Estimate(np.array([2.0, 0.0]), np.array([0.2, 0.0]), Kind.UNBIASED)
        >>> print(green_kubo_temperature(sgd, white, [0, 1]))
        0.100 ± 0.010 (hypothesis)
        >>> shuffled = Estimate(np.array([2.0, -0.2]), np.zeros(2), Kind.EXACT)  # two steps out of epochs of ten
        >>> abs(green_kubo_temperature(sgd, shuffled, [0, 1], shuffled_batches=10).value) < 1e-12
        True
    """
    values = np.atleast_1d(np.asarray(covariance.value, dtype=np.float64))
    errors = np.broadcast_to(np.asarray(covariance.error, dtype=np.float64), values.shape)
    if list(lags) != list(range(len(values))):
        raise SpecError(f"lags must run from 0 without a gap, one for each covariance, not {list(lags)}.")
    if decay and (dynamics.buffered or dynamics.adaptive or not 0 <= decay < 2):
        raise SpecError(f"a decay of {decay:g} a step is that of plain SGD, between 0 and 2: leave it at 0.")
    memory = 1 - decay
    weights = np.array([1.0 if lag == 0 else 2 * memory**lag for lag in lags])
    if shuffled_batches is not None:
        beyond = range(len(values), shuffled_batches)
        weights[0] += 2 * sum(shuffled_autocorrelation(shuffled_batches, lag) * memory**lag for lag in beyond)
    scale = 0.5 * dynamics.response
    value = scale * float(weights @ values)
    return Estimate(
        value, scale * float(np.linalg.norm(weights * errors)), Kind.HYPOTHESIS, covariance.degrees_of_freedom
    )


def shuffled_temperature_ratio(batches: int, decay: float) -> float:
    """Temperature of epoch-shuffled SGD over that of draws with replacement, averaged over the epoch.

    ``Σ_h ρ(h) (1 − r λ)^|h|`` with the exact ρ; 0 where r λ M ≪ 1, 1 where an epoch is long against the relaxation.

    Args:
        batches: M.
        decay: r λ, the share of a displacement that is lost in a step.

    Example:
        >>> [round(shuffled_temperature_ratio(1000, decay), 3) for decay in (1e-5, 1e-3, 1e-1)]
        [0.003, 0.265, 0.982]
    """
    memory = 1 - decay
    return 1 + 2 * sum(shuffled_autocorrelation(batches, lag) * memory**lag for lag in range(1, batches))


def shuffled_variance_ratio(batches: int, decay: float) -> float:
    """Var θ at the ends of epochs, shuffled over with replacement: ``M/(M−1) [1 − (Σw)²/(M Σw²)]``, w_j = (1 − rλ)^j.

    Noises of an epoch add up to zero, so only what decays within it is left.

    Example:
        >>> [round(shuffled_variance_ratio(1000, decay / 1000), 3) for decay in (0.1, 1, 10)]
        [0.001, 0.076, 0.802]
    """
    if batches < 2:
        raise SpecError(f"{batches} batch in an epoch is the full gradient, which has no noise.")
    weights = (1 - decay) ** np.arange(batches, dtype=np.float64)
    # Centred before it is squared: the difference of the two sums cancels where the decay is small.
    return float(np.square(weights - weights.mean()).sum() / np.square(weights).sum() * batches / (batches - 1))
