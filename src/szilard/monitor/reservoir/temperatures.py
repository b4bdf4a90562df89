"""Noise and kinetic temperature of a burst, and how long kinetic quantities remember.

A velocity forgets at a known rate, which a short burst would not show.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import replace

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
    adaptive = any(one is not None and one.adaptive for one in itertools.chain(*dynamics))
    known = {one: _weights(one) for step in dynamics for one in set(step)}
    weights = np.array([[known[one] for one in step] for step in dynamics])  # (steps, parameters, 3)
    halves = squares["preconditioned" if adaptive else "halves"]
    share = batching.half / (2 * batching.size) * batching.of_loop
    noise = weights[..., 0] * halves * share
    kinetic = weights[..., 1] * squares["gradient"] + weights[..., 2] * squares["velocity"]
    # Single scalars of an adaptive optimiser may have no preconditioner yet.
    sizes = np.rint(squares["conditioned"]) if adaptive else np.broadcast_to(tracked.sizes, noise.shape)
    noises, kinetics, sums, covered = [], [], [], np.zeros(len(tracked.groups))
    for group in range(len(tracked.groups)):
        members = (np.array(tracked.group_of) == group) & ((moves & ready).sum(0) >= _FEWEST_MOVES)
        counts = sizes[:, members].sum(1)
        steps = moves[:, members].all(1) & (counts > 0)
        complete = steps & ready[:, members].all(1)
        if not members.any() or complete.sum() < _FEWEST_MOVES:
            noises.append(_NO_AVERAGE)
            kinetics.append(_NO_AVERAGE)
            sums.append(NOTHING)
            continue
        steps = complete if adaptive else steps  # without buffers there is no preconditioner
        covered[group] = counts[complete].mean()
        noises.append(time_average((noise[:, members].sum(1) / np.maximum(counts, 1))[steps]))
        last = dynamics[int(np.flatnonzero(complete)[-1])]
        of_group = [last[index] for index in np.flatnonzero(members)]
        draws = (kinetic[:, members].sum(1) / np.maximum(counts, 1))[complete]
        average = remembered_average(draws, of_group)
        kinetics.append(average)
        value, count = average.value, float(covered[group])
        sums.append(Estimate(value.value * count, value.error * count, value.kind, value.degrees_of_freedom))
    columns.add_estimates("temperature_noise", [average.value for average in noises])
    columns.add_averages("temperature_kinetic", kinetics)
    columns.add("temperature_share", covered / tracked.counts)
    return sums


def remembered_average(draws: Float[ndarray, " steps"], dynamics: Iterable[Dynamics | None]) -> TimeAverage:
    """The mean of a kinetic quantity over consecutive steps, its error that of the dynamics' known memory at least.

    Args:
        draws: at consecutive steps.
        dynamics: of all parameters that it is of; the longest memory counts.

    Raises:
        RecordError: with fewer than two steps, or numbers that are not finite.
    """
    average = time_average(draws)
    times = [memory_time(each, len(draws)) for each in set(dynamics) if each is not None]
    longer = max([1.0, *times]) / average.autocorrelation_time
    if longer <= 1:
        return average
    time = average.autocorrelation_time * longer
    error = float(average.value.error) * math.sqrt(longer)
    degrees = max(len(draws) / (2 * time - 1) - 1, 1.0)
    value = replace(average.value, error=error, degrees_of_freedom=degrees)
    return TimeAverage(value, time, len(draws) / time)


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
