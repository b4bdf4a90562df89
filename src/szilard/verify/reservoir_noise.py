"""Noise, signal, their scale and correlations of one run, against the exact reservoirs."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch

from szilard import reservoir
from szilard.estimate import Estimate
from szilard.reservoir.ratio import mean_of
from szilard.systems import HeavyBall, LinearRegression, ShuffledQuadratic
from szilard.verify.reservoir_case import ObservedRun, ReservoirCase, group
from szilard.verify.row import Comparison

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
