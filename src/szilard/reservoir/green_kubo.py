"""The temperature of coloured noise: its covariance summed over all lags, with what is known of shuffled epochs.

``T = (R/2) Σ_h C(h) q^|h|`` over both signs of h, with R the optimiser's response and ``q = 1 − r λ`` in a direction of
curvature λ: for θ' = q θ − r η this is exactly ``λ (1 − r λ/2) Var θ`` (Green and Kubo's sum at λ = 0).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from szilard.errors import SpecError
from szilard.estimate import Estimate, Kind
from szilard.reservoir.correlation import shuffled_autocorrelation
from szilard.reservoir.dynamics import Dynamics


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
