"""Noise and kinetic temperature of a burst, and how long kinetic quantities remember.

A velocity forgets at a known rate, which a short burst would not show.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from jaxtyping import Float
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
    ready: list[tuple[bool, ...]],
) -> list[Estimate]:
    """Columns of noise and kinetic temperature; of every group the latter's sum over its parameters."""
    adaptive = any(one is not None and one.adaptive for one in dynamics[0])
    known = {one: _weights(one) for step in dynamics for one in set(step)}
    weights = np.array([[known[one] for one in step] for step in dynamics])  # (steps, parameters, 3)
    halves = squares["preconditioned" if adaptive else "halves"]
    share = batching.half / (2 * batching.size) * batching.finite_population
    noise = weights[..., 0] * halves * share
    kinetic = weights[..., 1] * squares["gradient"] + weights[..., 2] * squares["velocity"]
    there = np.array(ready)  # (steps, parameters)
    noises, kinetics, sums = [], [], []
    for group in range(len(tracked.groups)):
        members = np.array(tracked.group_of) == group
        moved = members & (there.sum(0) >= _FEWEST_MOVES)
        if adaptive:  # without a state there is no preconditioner; a velocity without one is truly 0
            members = moved
        if not members.any():
            noises.append(_NO_AVERAGE)
            kinetics.append(_NO_AVERAGE)
            sums.append(NOTHING)
            continue
        count, steps = float(tracked.sizes[members].sum()), there[:, moved].all(1)
        draws = noise[:, members].sum(1) / count
        noises.append(time_average(draws[steps] if adaptive else draws))
        of_group = [dynamics[0][index] for index in np.flatnonzero(members)]
        average = remembered_average(kinetic[steps][:, members].sum(1) / count, of_group)
        kinetics.append(average)
        value = average.value
        sums.append(Estimate(value.value * count, value.error * count, value.kind, value.degrees_of_freedom))
    columns.add_estimates("temperature_noise", [average.value for average in noises])
    columns.add_averages("temperature_kinetic", kinetics)
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
