"""Noise and signal of minibatch gradients at fixed parameters: variance per parameter, and ‖∇U_B‖² without its bias.

The gradient of a batch of size |b| is ``g = ∇U_B + ξ`` with ``Cov ξ = C(θ)/|b|`` under draws with replacement. Written
here are ``c = tr Cov ξ / d``, the *noise variance* of a whole batch averaged over the d parameters of a group (the
paper's C_ii averaged over parameters, its Fig. 3c), and the *signal variance* ``‖∇U_B‖²/d``. Both are estimated from
differences and products of independent parts, so that neither has the other in it; the signal's estimate may be
negative, and stays so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.errors import RecordError, SpecError
from szilard.estimate import Estimate, Kind
from szilard.reservoir.replicates import mean_of


@dataclass(frozen=True, slots=True)
class Noise:
    """Noise and signal of one group of parameters.

    Attributes:
        noise: c, variance of a full batch's gradient, mean over parameters (loss² / parameter²).
        signal: ‖∇U_B‖² / d; unbiased, negative values are kept.
        noise_draws, signal_draws: one unbiased value per draw, of which the estimates are means; for ratios.
    """

    noise: Estimate
    signal: Estimate
    noise_draws: Float[ndarray, " draws"]
    signal_draws: Float[ndarray, " draws"]


def half_batch_draws(first: Any, second: Any) -> tuple[Any, Any]:
    """c and signal per draw, from gradients of two independent halves of a batch.

    ``c = ‖g_a − g_b‖²/(4 d)`` and ``signal = g_a·g_b/d``: the difference of two halves has twice the variance of a
    half, which has twice that of the whole batch.

    Args:
        first, second: gradients shaped ``(*draws, d)``, NumPy arrays or torch tensors on any device.

    Returns:
        Two arrays or tensors shaped ``(*draws,)``.

    Example:
        >>> half_batch_draws(np.array([[3.0, 1.0]]), np.array([[1.0, 1.0]]))
        (array([0.5]), array([2.]))
    """
    if first.shape != second.shape or first.shape[-1] == 0:
        raise RecordError(
            f"gradients of two halves are shaped {tuple(first.shape)} and {tuple(second.shape)}: "
            "give both shaped (draws, parameters), with at least one parameter."
        )
    parameters = first.shape[-1]
    return ((first - second) ** 2).sum(-1) / (4 * parameters), (first * second).sum(-1) / parameters


def paired_noise(first: Any, second: Any) -> Noise:
    """Noise of a full batch and signal, with errors over draws, from gradients of two independent halves.

    Args:
        first, second: gradients shaped ``(draws, d)``; draws independent given the parameters.

    Returns:
        Errors are over draws, on draws − 1 degrees of freedom; with one draw they are NaN.

    Example:
        >>> generator = np.random.default_rng(0)
        >>> a, b = 0.5 + np.sqrt(2) * generator.normal(size=(2, 100, 50))  # halves: twice the variance, which is 1
        >>> found = paired_noise(a, b)
        >>> print(found.noise, found.signal, sep="; ")
        0.982 ± 0.019 (unbiased); 0.287 ± 0.032 (unbiased)
    """
    noise, signal = half_batch_draws(first, second)
    return noise_from_draws(_numpy(noise), _numpy(signal))


def noise_from_draws(noise: Float[ndarray, " draws"], signal: Float[ndarray, " draws"]) -> Noise:
    """The same from values per draw, as :func:`half_batch_draws` gives them."""
    noise = np.asarray(noise, dtype=np.float64).ravel()
    signal = np.asarray(signal, dtype=np.float64).ravel()
    return Noise(mean_of(noise), mean_of(signal), noise, signal)


def parts_noise(parts: Any) -> tuple[Any, Any]:
    """c and signal per draw from K ≥ 2 equal, independent parts of a batch, as gradient accumulation leaves them.

    ``c = Σ_k ‖g_k − ḡ‖²/[K(K−1) d]`` is the variance of their mean ḡ, the batch's gradient; the signal is the mean of
    ``g_k·g_l`` over pairs k ≠ l. With K = 2 these are those of :func:`half_batch_draws`.

    Args:
        parts: gradients shaped ``(*draws, K, d)``, each the mean over its part.

    Returns:
        Two arrays or tensors shaped ``(*draws,)``.

    Raises:
        RecordError: with fewer than two parts: one gradient does not show its noise.
    """
    count, parameters = parts.shape[-2:]
    if count < 2:
        raise RecordError(f"{count} part of a batch does not show its noise: give at least two micro-batches.")
    mean = parts.mean(-2)
    between = ((parts - mean[..., None, :]) ** 2).sum((-2, -1))
    square_of_mean = (mean**2).sum(-1)
    noise = between / (count * (count - 1) * parameters)
    return noise, square_of_mean / parameters - noise


def examples_noise(
    squared_norms: Float[ndarray, " examples"],
    projections: Float[ndarray, " examples"],
    parameters: int,
    *,
    batch: int,
    population: int | None = None,
    replacement: bool = True,
) -> Noise:
    """Noise of batches and signal from per-example gradients, of which only ‖g_x‖² and g_x·ḡ are needed.

    ``tr C = n/(n−1) (⟨‖g_x‖²⟩ − ‖ḡ‖²)`` with ``‖ḡ‖² = ⟨g_x·ḡ⟩``, ``c = tr C/(|b| d)``, and the signal
    ``‖ḡ‖² − tr C/n`` is the mean of g_x·g_y over pairs. Errors are the delete-one jackknife's over examples.

    Args:
        squared_norms: ‖g_x‖² of each of the n examples of a sample.
        projections: g_x·ḡ, ḡ the mean gradient of the same n examples.
        parameters: d.
        batch: |b|, the batch size that the noise is stated for.
        population: N, size of the data set. Where the sample is the whole of it (n = N), noise and signal are exact
            (errors 0; C with 1/N, the covariance of the population). None: the sample stands for an unknown source.
        replacement: whether batches are drawn with replacement; otherwise c carries (N−|b|)/(N−1), N given.

    Raises:
        SpecError: if ``replacement`` is False and no population is given, or the batch exceeds it.
        RecordError: with fewer than two examples.
    """
    squares = np.asarray(squared_norms, dtype=np.float64)
    along = np.asarray(projections, dtype=np.float64)
    count = len(squares)
    if count < 2 or squares.shape != along.shape:
        raise RecordError(f"squared norms of {count} examples and {len(along)} projections: give both for two or more.")
    share = _finite_population(batch, population, replacement) / (batch * parameters)
    total = count**2 * along.mean()  # ‖Σ g_x‖²
    if population == count:
        trace, signal = squares.mean() - along.mean(), along.mean()
        return Noise(
            Estimate(float(trace * share), 0.0, Kind.EXACT),
            Estimate(float(signal / parameters), 0.0, Kind.EXACT),
            (squares - along) * share,
            along / parameters,
        )
    trace, signal = _from_sums(count, squares.sum(), total)
    left = _from_sums(count - 1, squares.sum() - squares, total - 2 * count * along + squares)
    # Pseudo-values: their mean is the estimate (both are U-statistics, so exactly), their spread the error.
    traces = count * trace - (count - 1) * left[0] if count > 2 else np.full(count, np.nan)
    signals = count * signal - (count - 1) * left[1] if count > 2 else np.full(count, np.nan)
    return Noise(
        _with_error(trace * share, traces * share),
        _with_error(signal / parameters, signals / parameters),
        traces * share,
        signals / parameters,
    )


def _finite_population(batch: int, population: int | None, replacement: bool) -> float:
    """``(N − |b|)/(N − 1)`` for draws without replacement, 1 with."""
    if replacement:
        return 1.0
    if population is None or batch > population:
        raise SpecError(
            f"batches of {batch} without replacement need the size of the data set, at least as large, "
            f"not {population}: give population."
        )
    return (population - batch) / (population - 1) if population > 1 else 0.0


def _from_sums(count: int, squares: Any, square_of_sum: Any) -> tuple[Any, Any]:
    """tr C and ‖∇U‖² without bias from Σ‖g_x‖² and ‖Σ g_x‖² over ``count`` examples."""
    with np.errstate(divide="ignore", invalid="ignore"):
        trace = (squares - square_of_sum / count) / np.float64(count - 1)
        signal = (square_of_sum - squares) / np.float64(count * (count - 1))
    return trace, signal


def _with_error(value: float, pseudo_values: ndarray) -> Estimate:
    count = len(pseudo_values)
    error = float(pseudo_values.std(ddof=1)) / np.sqrt(count)
    return Estimate(float(value), float(error), Kind.UNBIASED, float(count - 1))


def _numpy(values: Any) -> ndarray:
    """An array or a tensor, wherever it lies, as a float64 array."""
    return np.asarray(values.detach().cpu() if hasattr(values, "detach") else values, dtype=np.float64)
