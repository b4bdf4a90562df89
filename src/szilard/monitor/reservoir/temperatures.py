"""Noise and kinetic temperature of a burst, and how long kinetic quantities remember.

A velocity forgets at a known rate, which a short burst would not show.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from szilard.estimate import Estimate
from szilard.monitor.reservoir.noise import Batching, RowColumns
from szilard.monitor.reservoir.tracked import TrackedParameters
from szilard.monitor.reservoir.window import NOTHING
from szilard.reservoir.dynamics import Dynamics
from szilard.reservoir.time_average import TimeAverage, time_average

_FEWEST_MOVES = 2
"""Steps of a burst at which a parameter must have its optimiser's state, to have a temperature."""
_NO_AVERAGE = TimeAverage(NOTHING, math.nan, math.nan)


def add_temperatures(
    columns: RowColumns,
    tracked: TrackedParameters,
    batching: Batching,
    squares: dict[str, ndarray],
    dynamics: list[list[Dynamics | None]],
    moves: Bool[ndarray, "steps parameters"],
    ready: Bool[ndarray, "steps parameters"],
) -> list[Estimate]:
    """Columns of noise and kinetic temperature, and of how many scalars they are.

    Args:
        columns: of the row.
        tracked: the parameters.
        batching: of the loop.
        squares: of norms.
        dynamics: of every parameter at every step; None where it does not move, or by no law that is known.
        moves: where a parameter moves by its dynamics, and has had a gradient.
        ready: where its optimiser has its buffers.

    Returns:
        The kinetic temperature's sum over the parameters of every group.
    """
    each = {id(step): step for step in dynamics}  # steps that are alike share one list
    adaptive = any(one is not None and one.adaptive for one in itertools.chain(*each.values()))
    of_step = {place: [_weights(one) for one in step] for place, step in each.items()}
    weights = np.array([of_step[id(step)] for step in dynamics])  # (steps, parameters, 3)
    halves = squares["preconditioned" if adaptive else "halves"]
    share = batching.half / (2 * batching.size) * batching.of_loop
    noise = weights[..., 0] * halves * share
    kinetic = weights[..., 1] * squares["gradient"] + weights[..., 2] * squares["velocity"]
    # Single scalars of an adaptive optimiser may have no preconditioner yet.
    sizes = np.rint(squares["conditioned"]) if adaptive else np.broadcast_to(tracked.sizes, noise.shape)
    members = (moves & ready).sum(0) >= _FEWEST_MOVES
    counts = tracked.by_group(sizes * members)
    steps = (tracked.by_group(1.0 * (members & ~moves)) == 0) & (counts > 0)
    complete = steps & (tracked.by_group(1.0 * (members & ~ready)) == 0)
    draws = [tracked.by_group(each * members) / np.maximum(counts, 1) for each in (noise, kinetic)]
    # without buffers there is no preconditioner
    noises = _averages(draws[0], np.where(complete.sum(0) >= _FEWEST_MOVES, complete if adaptive else steps, False))
    kinetics, sums, covered = _averages(draws[1], complete), [], np.zeros(len(tracked.groups))
    for group, average in enumerate(kinetics):
        if average is _NO_AVERAGE:
            sums.append(NOTHING)
            continue
        kept = complete[:, group]
        last = dynamics[int(np.flatnonzero(kept)[-1])]
        own = [one for one, of, member in zip(last, tracked.group_of, members, strict=True) if member and of == group]
        kinetics[group] = average = remembered(average, own, int(kept.sum()))
        value, count = average.value, float(counts[kept, group].mean())
        covered[group] = count
        sums.append(Estimate(value.value * count, value.error * count, value.kind, value.degrees_of_freedom))
    columns.add_estimates("temperature_noise", [average.value for average in noises])
    columns.add_averages("temperature_kinetic", kinetics)
    columns.add("temperature_share", covered / tracked.counts)
    return sums


def _averages(draws: Float[ndarray, "steps groups"], kept: Bool[ndarray, "steps groups"]) -> list[TimeAverage]:
    """The mean of each group's draws over the steps that are kept; those that keep the same ones all at once."""
    found = [_NO_AVERAGE] * draws.shape[1]
    masks = {kept[:, group].tobytes(): kept[:, group] for group in range(draws.shape[1])}
    for mask in masks.values():
        count = int(mask.sum())
        if count < _FEWEST_MOVES:
            continue
        groups = np.flatnonzero((kept == mask[:, None]).all(0))
        average = time_average(draws[mask][:, groups])
        each = zip(groups, average.value.value, average.value.error, average.autocorrelation_time, strict=True)
        for group, value, error, time in each:
            degrees = max(count / (2 * time - 1) - 1, 1.0)
            estimate = Estimate(float(value), float(error), average.value.kind, float(degrees))
            found[group] = TimeAverage(estimate, float(time), float(count / time))
    return found


def remembered_average(draws: Float[ndarray, " steps"], dynamics: Iterable[Dynamics | None]) -> TimeAverage:
    """The mean of a kinetic quantity over consecutive steps, its error that of the dynamics' known memory at least.

    Args:
        draws: at consecutive steps.
        dynamics: of all parameters that it is of; the longest memory counts.

    Raises:
        RecordError: with fewer than two steps, or numbers that are not finite.
    """
    return remembered(time_average(draws), dynamics, len(draws))


def remembered(average: TimeAverage, dynamics: Iterable[Dynamics | None], steps: int) -> TimeAverage:
    """The average over so many steps with the error of the dynamics' known memory at least."""
    times = [memory_time(each, steps) for each in set(dynamics) if each is not None]
    longer = max([1.0, *times]) / average.autocorrelation_time
    if longer <= 1:
        return average
    time = average.autocorrelation_time * longer
    error = float(average.value.error) * math.sqrt(longer)
    degrees = max(steps / (2 * time - 1) - 1, 1.0)
    value = replace(average.value, error=error, degrees_of_freedom=degrees)
    return TimeAverage(value, time, steps / time)


@lru_cache(maxsize=64)
def memory_time(dynamics: Dynamics, steps: int) -> float:
    """τ for which s² τ/L is the variance of the mean of L consecutive kinetic draws, s² being their own variance.

    Under white Gaussian noise the velocity ``v' = β v + (1 − τ) g`` correlates as ``β^h`` and its square as ``β^(2h)``,
    so that ``Var(mean) = γ₀ t/L``, ``t = 1 + 2 Σ_h (1 − h/L) ρ(h)``; and correlated draws differ less than they vary,
    ``E s² = γ₀ (L − t)/(L − 1)``. Nesterov's g² and the v² after it are correlated likewise. For many steps τ is
    ``(1 + β²)/(1 − β²)``. Curvature only makes a velocity forget sooner.

    Args:
        dynamics: of the parameters.
        steps: L > 1.

    Example:
        >>> sgd = Dynamics("sgd", 0.1)
        >>> memory_time(sgd, 12), round(memory_time(Dynamics("sgd", 0.1, momentum=0.5), 1000), 2)  # 1.25/.75
        (1.0, 1.67)
    """
    inertia = dynamics.inertia
    if not inertia or dynamics.rate == 0:
        return 1.0
    variance = dynamics.intake**2 / (1 - inertia**2)  # of v, in units of the noise's
    by_gradient, by_buffer = dynamics.gradient_weight, dynamics.buffer_weight * variance
    lags = np.arange(1, steps)
    covariance = by_buffer**2 * inertia ** (2 * lags)
    covariance += by_gradient * dynamics.buffer_weight * dynamics.intake**2 * inertia ** (2 * lags - 2)
    correlation = covariance / (by_gradient**2 + by_buffer**2)
    time = 1 + 2 * float(((1 - lags / steps) * correlation).sum())
    return time * (steps - 1) / (steps - time)


def _weights(dynamics: Dynamics | None) -> tuple[float, float, float]:
    """What a unit of noise variance, of g² and of v² is as temperature."""
    if dynamics is None:
        return 0.0, 0.0, 0.0
    return dynamics.noise_temperature(1.0), dynamics.gradient_weight, dynamics.buffer_weight
