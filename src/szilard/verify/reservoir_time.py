"""Noise, forces, correlations and averages over time of one run, against the exact reservoirs.

Averages over time of one run: temperatures, relations at stationarity, energies.

Noise, signal, their scale and correlations of one run, against the exact reservoirs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch

from szilard import reservoir
from szilard.estimate import Estimate, Kind
from szilard.reservoir.fluctuation_dissipation import Place
from szilard.reservoir.replicates import mean_of
from szilard.systems import DraggedTrap, HeavyBall, LinearRegression, ShuffledQuadratic
from szilard.verify.reservoir_case import ObservedRun, ReservoirCase, group
from szilard.verify.row import Comparison

_ROUNDING = 1e-9


def time_rows(case: ReservoirCase, seen: ObservedRun) -> Iterator[Comparison]:
    """Temperatures and the parameters' variance, with errors by their autocorrelation times."""
    truth, dynamics = case.system.exact(), case.dynamics
    theta, force, gradient = group(seen.theta)[:-1], group(seen.force)[:-1], group(seen.gradient)
    squares = np.square(gradient).mean(1)
    buffers = None if seen.buffer is None else np.square(group(seen.buffer)[1:]).mean(1)
    kinetic = reservoir.kinetic_temperature(dynamics, squares, buffers)
    yield Comparison(case.name, "T kinetic", truth["temperature_kinetic"], kinetic.value)
    if isinstance(case.system, HeavyBall | DraggedTrap):
        found = reservoir.noise_temperature(
            dynamics, reservoir.paired_noise(group(seen.first), group(seen.second)).noise
        )
        yield Comparison(case.name, "T of the noise", truth["temperature_noise"], found)
    if case.stationary:
        variance = reservoir.time_average(np.square(theta).mean(1))
        yield Comparison(case.name, "Var θ, time average", truth["parameter_variance"], variance.value)
        configurational = reservoir.configurational_temperature(theta, force)
        yield Comparison(case.name, "T configurational", truth["temperature_configurational"], configurational.value)


def relation_rows(case: ReservoirCase, seen: ObservedRun) -> Iterator[Comparison]:
    """Relations from the two ends of a path, against ⟨θ·g⟩ added up along it: equal to rounding."""
    dynamics = case.dynamics
    theta, gradient = group(seen.theta), group(seen.gradient)
    buffer = np.zeros_like(theta) if seen.buffer is None else group(seen.buffer)
    square = float(np.square(gradient).sum(1).mean())
    buffer_square = float(np.square(buffer[1:]).sum(1).mean())
    start, end = (
        Place(float(theta[t] @ theta[t]), float(theta[t] @ buffer[t]), float(buffer[t] @ buffer[t])) for t in (0, -1)
    )
    buffered = buffer_square if dynamics.buffered else None
    found = reservoir.fdr_ratio(dynamics, start, end, seen.steps, gradient_square=square, buffer_square=buffered)
    along = float((theta[:-1] * gradient).sum(1).mean()) / dynamics.kinetic(square, buffer_square)
    yield Comparison(case.name, "FDR ratio, telescoped", along, found, _ROUNDING * (1 + abs(along)))
    moved = np.diff(theta, axis=0)
    total = float(np.square(moved).sum())
    ratio = reservoir.displacement_ratio(start.position_square, end.position_square, total)
    direct = -2 * float((theta[:-1] * moved).sum()) / total
    yield Comparison(case.name, "displacements", direct, ratio, _ROUNDING * (1 + abs(direct)))
    ball = case.system
    if isinstance(ball, HeavyBall):
        for steps in (1, 7):
            spread = Estimate(reservoir.displacement_variance(dynamics, steps), 0.0, Kind.EXACT)
            truth = ball.free_spread(steps)
            yield Comparison(case.name, f"free spread in {steps} steps", truth, spread, _ROUNDING * truth)


def group_rows(case: ReservoirCase, seen: ObservedRun) -> Iterator[Comparison]:
    """Two halves of the copies as two groups in mutual equilibrium, and the response of the loss to temperature."""
    if case.copies < 4 or not isinstance(case.system, HeavyBall) or seen.buffer is not None:
        return
    truth = case.system.exact()
    half = case.copies // 2
    groups = []
    for part in (slice(0, half), slice(half, None)):
        squares = np.square(group(seen.gradient[part])).mean(1)
        groups.append(reservoir.kinetic_temperature(case.dynamics, squares).value)
    common = reservoir.mutual_equilibrium(groups).common
    yield Comparison(case.name, "T of two groups", truth["temperature_kinetic"], common)
    if not case.stationary:
        return
    temperatures, energies = [], []
    for scale in (1.0, 2.0, 4.0):  # noise c · scale: θ, being linear, scales with its root
        energy = reservoir.time_average(0.5 * scale * (group(seen.theta) * group(seen.force)).sum(1)).value
        energies.append(energy)
        exact = scale * truth["temperature_configurational"]
        temperatures.append(Estimate(exact, 0.0, Kind.EXACT))
    yield Comparison(
        case.name,
        "heat capacity",
        0.5 * case.copies * case.system.dimension,
        _of_one_run(reservoir.heat_capacity(temperatures, energies).capacity, energies[0], temperatures[0]),
    )


def _of_one_run(capacity: Estimate, energy: Estimate, temperature: Estimate) -> Estimate:
    """All three energies are of one run: their errors are one error."""
    error = energy.error / temperature.value
    return Estimate(capacity.value, error, capacity.kind, energy.degrees_of_freedom)


LAGS = (0, 1, 2)
_FLIPS = 99
_EXAMPLES = 8


def noise_rows(case: ReservoirCase, seen: ObservedRun) -> Iterator[Comparison]:
    """Everything that is said of gradients at given θ: the truth is that of the very path."""
    if isinstance(case.system, ShuffledQuadratic):
        return  # two halves from a handful of examples are not independent parts of a batch
    first, second = group(seen.first), group(seen.second)
    noise, signal = float(seen.noise.mean()), float(np.square(seen.force[:, :-1]).mean())
    found = reservoir.paired_noise(first, second)
    yield Comparison(case.name, "noise, halves", noise, found.noise)
    yield Comparison(case.name, "signal, halves", signal, found.signal)
    if signal > 0:
        scale = case.batch * noise / signal
        yield Comparison(case.name, "scale, halves", scale, reservoir.noise_scale(found, case.batch))
        small, large = (np.square(each).sum(1) for each in (first, 0.5 * (first + second)))
        sizes = reservoir.noise_scale_two_sizes(small, large, 1, 2)  # in units of half batches
        yield Comparison(case.name, "scale, two sizes", 2 * noise / signal, sizes)
    if isinstance(case.system, LinearRegression):
        yield from _example_rows(case, case.system, seen)
        return
    variances = seen.noise[:, 0].ravel()
    participation = float(variances.sum() ** 2 / np.square(variances).sum())
    found_ratio = reservoir.participation_ratio(first - second)
    yield Comparison(case.name, "participation ratio", participation, found_ratio)
    halves = np.stack([first, second], 1) - group(seen.force[:, :-1])[:, None]
    four = halves[: seen.steps // 2 * 2].reshape(-1, 4, halves.shape[-1])
    parts, _ = reservoir.parts_noise(four)
    yield Comparison(case.name, "noise, four parts", 0.5 * noise, mean_of(parts))


def work_rows(case: ReservoirCase, seen: ObservedRun) -> Iterator[Comparison]:
    """Work per step of noise and of drift, where the Fisher matrix is the unit matrix and the work half a square."""
    if isinstance(case.system, LinearRegression | ShuffledQuadratic):
        return
    first, second = group(seen.first), group(seen.second)
    dynamics, forces = case.dynamics, group(seen.force[:, :-1])
    response = dynamics.rate * (1 - dynamics.dampening) / (1 - dynamics.momentum)
    spread = case.system.free_spread(1) if isinstance(case.system, HeavyBall) else dynamics.rate**2
    parameters = first.shape[1]
    diffusion = reservoir.diffusion_work(dynamics, np.square(0.5 * (first - second)).sum(1))
    yield Comparison(case.name, "work of the noise", 0.5 * spread * parameters * float(seen.noise.mean()), diffusion)
    if forces.any():
        drift = reservoir.drift_work(dynamics, (first * second).sum(1))
        truth = 0.5 * response**2 * float(np.square(forces).sum(1).mean())
        yield Comparison(case.name, "work of the drift", truth, drift)


def _example_rows(case: ReservoirCase, system: LinearRegression, seen: ObservedRun) -> Iterator[Comparison]:
    """From gradients of single examples at the last θ of the first copy."""
    theta = torch.from_numpy(seen.theta[:1, -1])
    generator = torch.Generator().manual_seed(int(1e6 * abs(float(theta))))
    count = _EXAMPLES * seen.steps
    examples = system.gradient(theta.expand(count, 1), generator=generator, parts=case.batch).numpy()
    found = reservoir.examples_noise(np.square(examples).sum(1), examples @ examples.mean(0), 1, batch=case.batch)
    yield Comparison(case.name, "noise, examples", float(system.noise_at(theta)), found.noise)
    yield Comparison(case.name, "signal, examples", float(system.force(theta).square()), found.signal)


def correlation_rows(case: ReservoirCase, seen: ObservedRun) -> Iterator[Comparison]:
    """Covariances of the loop's own noise from step to step, by paired differences."""
    differences = group(seen.fresh) - group(seen.gradient)
    noise = case.system.exact()["noise_variance"]
    covariance = reservoir.noise_covariance(differences, LAGS)
    correlation = reservoir.noise_autocorrelation(differences @ differences.T, LAGS)
    for index, lag in enumerate(LAGS):
        truth = case.system.noise_autocorrelation(lag)
        yield Comparison(case.name, f"noise, lag {lag}", noise * truth, _one(covariance, index))
        if lag:
            yield Comparison(case.name, f"correlation, lag {lag}", truth, _one(correlation, index))
    batches = case.system.batches if isinstance(case.system, ShuffledQuadratic) else None
    temperature = 0.0 if batches else case.system.exact()["temperature_noise"]
    green_kubo = reservoir.green_kubo_temperature(case.dynamics, covariance, LAGS, shuffled_batches=batches)
    yield Comparison(case.name, "T, Green–Kubo", temperature, green_kubo)
    if batches or not case.stationary:
        noises = group(seen.gradient - seen.force[:, :-1]).T
        white = reservoir.whiteness(noises, LAGS[1:], flips=_FLIPS).autocorrelation
        yield Comparison(case.name, "whiteness, lag 1", case.system.noise_autocorrelation(1), _one(white, 0))


def drift_rows(case: ReservoirCase, seen: ObservedRun) -> Iterator[Comparison]:
    """Noise that stays as it is, and the same made to double along the run."""
    if isinstance(case.system, LinearRegression | ShuffledQuadratic):
        return  # the one's noise wanders with θ, of the other there are no independent halves
    variances = np.square(group(seen.first) - group(seen.second)).mean(1)
    doubling = variances * 2 ** (np.arange(seen.steps) / (seen.steps - 1))
    yield Comparison(case.name, "drift of ln c", 0.0, reservoir.stationarity(variances).drift)
    yield Comparison(case.name, "doubling of c", math.log(2), reservoir.stationarity(doubling).drift)


def _one(estimate: Estimate, index: int) -> Estimate:
    value, error = float(estimate.value[index]), float(estimate.error[index])
    return Estimate(value, error, estimate.kind, estimate.degrees_of_freedom)
