"""The scale of gradient noise, and in how many directions it points alike.

The gradient-noise scale tr C/‖∇U_B‖²: the batch size at which noise and signal are alike.

McCandlish et al. 2018 (arXiv:1812.06162), Eq. 2.9 and Appendix A.1. Always the ratio of means.

In how many directions noise points alike: the participation ratio (tr C)²/tr C², without bias.

It is d for isotropic noise, 1 for noise along one direction. From independent vectors with covariance C,
``E[(d_s·d_t)²] = tr C²`` and ``E[‖d_s‖²‖d_t‖²] = (tr C)²`` for s ≠ t, whatever their distribution.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.errors import RecordError, SpecError
from szilard.estimate import Estimate, Kind
from szilard.reservoir.noise import Noise
from szilard.reservoir.replicates import fieller_interval, ratio_of_means


def noise_scale(noise: Noise, batch: int) -> Estimate:
    """``B_simple = |b| ⟨c⟩/⟨signal⟩`` in examples, jackknifed over draws.

    Args:
        noise: of batches of size ``batch``; several groups' draws may be summed before.
        batch: |b|.

    Returns:
        Kind ``asymptotic`` on draws − 1 degrees of freedom. Where the signal drowns, the value may have any sign and
        its error means little; :func:`noise_scale_interval` says what can be said.

    Example:
        >>> draws = np.array([1.0, 1.2, 0.8, 1.0])
        >>> exact = Estimate(1.0, 0.0, Kind.EXACT)
        >>> noise_scale(Noise(exact, exact, draws, 0.5 * draws), batch=32).value
        64.0
    """
    return ratio_of_means(batch * noise.noise_draws, noise.signal_draws)


def noise_scale_interval(noise: Noise, batch: int, level: float = 0.95) -> tuple[float, float]:
    """Fieller's interval of the noise scale; (−inf, inf) where the signal cannot be told from zero."""
    return fieller_interval(batch * noise.noise_draws, noise.signal_draws, level)


def noise_scale_from_estimates(noise: Estimate, signal: Estimate, batch: int) -> Estimate:
    """``|b| c/signal`` from two estimates whose errors are taken as independent (delta method).

    For estimates that come without their draws, as from two different samples. Degrees of freedom are the fewer.
    """
    value = batch * noise.value / signal.value
    relative = math.hypot(noise.error / noise.value, signal.error / signal.value)
    degrees = min(noise.degrees_of_freedom, signal.degrees_of_freedom)
    return Estimate(value, abs(value) * relative, Kind.ASYMPTOTIC, degrees)


def noise_scale_two_sizes(
    small_squares: Float[ndarray, " draws"], large_squares: Float[ndarray, " draws"], small: int, large: int
) -> Estimate:
    """B_simple from squared gradient norms at two batch sizes, of which no halves are known.

    ``E‖g_b‖² = ‖∇U‖² + tr C/b``, so ``tr C = (⟨‖g_small‖²⟩ − ⟨‖g_large‖²⟩)/(1/small − 1/large)`` and
    ``‖∇U‖² = (large ⟨‖g_large‖²⟩ − small ⟨‖g_small‖²⟩)/(large − small)``.

    Args:
        small_squares, large_squares: ‖g‖² of batches of either size, paired by draw (so that errors which both share
            are seen to be shared, as where the large batch holds the small one).
        small, large: their sizes.

    Raises:
        SpecError: unless 0 < small < large.
    """
    if not 0 < small < large:
        raise SpecError(f"batch sizes must be two, the smaller one first, not {small} and {large}.")
    a, b = np.asarray(small_squares, dtype=np.float64), np.asarray(large_squares, dtype=np.float64)
    traces = (a - b) / (1 / small - 1 / large)
    signals = (large * b - small * a) / (large - small)
    return ratio_of_means(traces, signals)


def participation_ratio(vectors: Any) -> Estimate:
    """Participation ratio of the covariance that independent, zero-mean vectors share.

    Args:
        vectors: shaped ``(draws, d)``, as differences of gradients of independent batches at one θ.

    Returns:
        Between 1 and d in expectation; a single estimate may lie outside, and stays there. Kind ``asymptotic``.
    """
    return participation_of_gram(vectors @ vectors.T)


def participation_of_gram(gram: Any) -> Estimate:
    """The same from the vectors' Gram matrix, shaped ``(draws, draws)``.

    The error is the jackknife's over draws, on draws − 1 degrees of freedom; bias of order 1/draws is removed with it.

    Raises:
        RecordError: with fewer than three draws, or a matrix that is not square.

    Example:
        >>> generator = np.random.default_rng(0)
        >>> x = generator.normal(size=(200, 10))  # isotropic: 10 directions
        >>> print(participation_of_gram(x @ x.T))
        9.91 ± 0.16 (asymptotic)
    """
    matrix = np.asarray(gram.detach().cpu() if hasattr(gram, "detach") else gram, dtype=np.float64)
    count = len(matrix)
    if matrix.ndim != 2 or matrix.shape[1] != count or count < 3:
        raise RecordError(f"a Gram matrix of at least three draws is needed, not one shaped {matrix.shape}.")
    norms = np.diagonal(matrix)
    square = np.square(matrix)
    rows = square.sum(1) - norms**2  # Σ_{t≠s} (d_s·d_t)²
    trace, of_squares = norms.sum(), np.square(norms).sum()
    whole = (trace**2 - of_squares) / rows.sum()
    left_traces = (trace - norms) ** 2 - (of_squares - norms**2)
    left_out = left_traces / (rows.sum() - 2 * rows)
    return _jackknifed(float(whole), left_out)


def _jackknifed(whole: float, left_out: ndarray) -> Estimate:
    count = len(left_out)
    value = count * whole - (count - 1) * left_out.mean()
    error = np.sqrt((count - 1) * np.square(left_out - left_out.mean()).mean())
    return Estimate(float(value), float(error), Kind.ASYMPTOTIC, float(count - 1))
