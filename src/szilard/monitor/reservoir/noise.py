"""The columns of a burst's row as they are added, and those of its noise: variance, signal, correlations in time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy import ndarray

from szilard.estimate import Estimate
from szilard.monitor.reservoir.tracked import TrackedParameters
from szilard.monitor.rows import Value
from szilard.reservoir.time_average import TimeAverage, time_average


@final
class RowColumns:
    """The columns of a row as they are added, on the host.

    Args:
        values: those that are there from the start, by name.
    """

    def __init__(self, values: dict[str, Value]) -> None:
        self.values = values

    def add(self, name: str, values: Any) -> None:
        """Adds numbers as they are, in nested lists where there are several."""
        self.values[name] = np.asarray(values, dtype=np.float64).tolist()

    def blank(self, names: Sequence[str], groups: ndarray) -> None:
        """Makes these columns unknown in some groups."""
        for name in [each for one in names for each in (one, f"{one}_error") if each in self.values]:
            values = np.array(self.values[name], dtype=np.float64)
            values[groups] = math.nan
            self.add(name, values)

    def add_estimate(self, name: str, estimate: Estimate, place: int | None = None) -> None:
        """Adds an estimate, its standard error beside it as ``<name>_error``; of several the one in this place."""
        here = ... if place is None else place
        self.add(name, np.asarray(estimate.value)[here])
        self.add(f"{name}_error", np.asarray(estimate.error)[here])

    def add_estimates(self, name: str, estimates: Sequence[Estimate]) -> None:
        """Adds an estimate a group, their errors beside them."""
        self.add(name, [float(one.value) for one in estimates])
        self.add(f"{name}_error", [float(one.error) for one in estimates])

    def add_averages(self, name: str, averages: Sequence[TimeAverage]) -> None:
        """Adds a time average a group, with autocorrelation times and effective samples."""
        self.add_estimates(name, [average.value for average in averages])
        self.add(f"{name}_autocorrelation_time", [average.autocorrelation_time for average in averages])
        self.add(f"{name}_effective_samples", [average.effective_samples for average in averages])

    def add_average(self, name: str, average: TimeAverage, place: int) -> None:
        """Adds one of several time averages, with its autocorrelation time and effective samples."""
        self.add_estimate(name, average.value, place)
        self.add(f"{name}_autocorrelation_time", np.asarray(average.autocorrelation_time)[place])
        self.add(f"{name}_effective_samples", np.asarray(average.effective_samples)[place])


_SAME_NORM = 1e-5
"""Relative, within which two steps' gradients have one norm: that is what clipping leaves."""


@final
@dataclass(frozen=True, slots=True)
class Batching:
    """How the loop draws.

    Attributes:
        size: |b|, of a batch.
        examples: N, of the data.
        replacement: whether batches are drawn with replacement.
        half: examples in each fresh batch.
        ragged: whether an epoch ends with a smaller batch, of what is left.
    """

    size: int
    examples: int
    replacement: bool
    half: int
    ragged: bool = False

    @property
    def of_loop(self) -> float:
        """Variance of the loop's batches over that of |b| examples drawn with replacement, mean over an epoch.

        A batch of b examples has ``|b|/b`` of it, without replacement ``(N − b)/(N − 1)`` of that: a last batch of few
        examples is the noisiest.
        """
        whole, last = divmod(self.examples, self.size) if self.ragged else (1, 0)
        sizes = [(self.size, whole), (last, 1 if last else 0)]
        batches = sum(count for _, count in sizes)
        return sum(count * self._of(size) for size, count in sizes if count) / batches

    def _of(self, size: int) -> float:
        left = 1.0 if self.replacement else max(self.examples - size, 0) / max(self.examples - 1, 1)
        return left * self.size / size


def add_noise(
    columns: RowColumns, tracked: TrackedParameters, batching: Batching, squares: dict[str, ndarray], counts: ndarray
) -> tuple[ndarray, ndarray]:
    """Draws of noise (with replacement) and signal per step and group, and their columns.

    Args:
        columns: of the row.
        tracked: the parameters.
        batching: of the loop.
        squares: of norms.
        counts: scalars of each group that are not frozen.
    """
    halves, mean, pair = (tracked.by_group(squares[name]) for name in ("halves", "mean", "pair"))
    noise = halves * batching.half / (2 * batching.size) / counts
    signal = (mean - halves) / 4 / counts
    loop = (pair - halves) / 4 / counts
    three = time_average(
        np.stack([noise * batching.of_loop, signal, loop], 1)
    )  # at once: a call costs more than a series
    for place, name in enumerate(("noise_variance", "signal_variance")):
        columns.add_average(name, three, place)
    columns.add_estimate("noise_variance_loop", three.value, 2)
    return noise, signal


def add_correlation(
    columns: RowColumns,
    tracked: TrackedParameters,
    lags: Sequence[int],
    squares: dict[str, ndarray],
    grams: ndarray,
    counts: ndarray,
) -> None:
    """By lag: unbiased products on the sample, scaled to the group by the share of it that they are."""
    by_group = tracked.by_group(squares["pair"]).sum(0)
    variances = np.array(columns.values["noise_variance_loop"])
    errors = np.array(columns.values["noise_variance_loop_error"])
    products = grams[:, 0] / 4
    steps = products.shape[-1]
    traces = np.trace(products, axis1=1, axis2=2)
    scales = np.divide(by_group / 4, traces, out=np.zeros_like(traces), where=traces > 0) / counts
    pairs = products[:, *np.triu_indices(steps, 1)]
    spreads = scales * np.sqrt(np.square(pairs).mean(1))
    covariances = np.stack([np.diagonal(products, lag, 1, 2).mean(1) for lag in lags], 1) * scales[:, None]
    spread = spreads[:, None] / np.sqrt(steps - np.array(lags))
    covariances[:, 0], spread[:, 0] = variances, errors
    columns.add("noise_covariance", covariances)
    columns.add("noise_covariance_error", spread)
    whole = np.where(variances > 0, variances, math.nan)[:, None]
    correlations, spread = covariances / whole, spread / whole
    correlations[:, 0], spread[:, 0] = whole[:, 0] / whole[:, 0], 0 * whole[:, 0]
    columns.add("noise_autocorrelation", correlations)
    columns.add("noise_autocorrelation_error", spread)


def clipped_steps(squares: dict[str, ndarray]) -> int:
    """Steps of one norm with another, unless there is no noise that could tell them apart."""
    norms = np.sqrt(squares["raw"].sum(-1))
    if squares["halves"].sum() <= _SAME_NORM * squares["raw"].sum():
        return 0
    apart = np.abs(norms[:, None] - norms[None, :]) + np.diag(np.full(len(norms), np.inf))
    return int((apart.min(1) <= _SAME_NORM * norms).sum())
