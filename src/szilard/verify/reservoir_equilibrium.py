"""Equilibrium and entropy production of the parameters, against the exact reservoirs."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from szilard import reservoir
from szilard.estimate import Estimate, Kind
from szilard.reservoir.linear import stationary_covariance
from szilard.reservoir.path_entropy import gaussian_log_density
from szilard.systems import DraggedTrap, Gyrator
from szilard.verify.reservoir_case import ObservedRun, ReservoirCase
from szilard.verify.row import Comparison

_ROUNDING = 1e-9
_TURN = np.array([[0.0, 1.0], [-1.0, 0.0]])


def equilibrium_rows(case: ReservoirCase, seen: ObservedRun) -> Iterator[Comparison]:
    """Effects of the tests of equilibrium, and entropy production fitted and bounded."""
    if not isinstance(case.system, Gyrator):
        return
    truth = case.system.exact()
    yield Comparison(case.name, "EP per step, fitted", truth["ep_rate"], reservoir.ep_rate_fitted(seen.theta))
    balance = reservoir.detailed_balance(seen.theta)
    yield Comparison(case.name, "irreversibility", truth["irreversibility"], balance.irreversibility)
    state = reservoir.canonical(seen.theta, seen.force)
    yield Comparison(case.name, "T, canonical", truth["temperature_configurational"], state.temperature)
    yield Comparison(case.name, "anisotropy", truth["anisotropy"], state.anisotropy)
    bound = reservoir.uncertainty_bound(seen.theta, weights=_TURN)
    yield Comparison(case.name, "area current", truth["current"], bound.current)
    y = math.asinh(abs(truth["current"]))
    yield Comparison(case.name, "EP by the current", 2 * y * math.tanh(y), bound.rate)


def linear_rows(case: ReservoirCase) -> Iterator[Comparison]:
    """What follows from known matrices, without any run."""
    gyrator = case.system
    if not isinstance(gyrator, Gyrator):
        return
    continuous = reservoir.ep_rate_ou(gyrator.hessian, gyrator.diffusion)
    chain = reservoir.ep_rate_ar1(gyrator.step_map, gyrator.step_noise)
    covariance = stationary_covariance(gyrator.step_map, gyrator.step_noise)
    turning = reservoir.irreversibility(gyrator.step_map, gyrator.step_noise)
    truth = gyrator.exact()
    for name, exact, value in (
        ("EP rate, continuous", gyrator.ep_rate_continuous, continuous),
        ("EP per step, chain", truth["ep_rate"], chain),
        ("irreversibility of M", truth["irreversibility"], turning),
        ("Var θ, Lyapunov", truth["parameter_variance"], float(np.trace(covariance)) / 2),
    ):
        yield Comparison(case.name, name, exact, Estimate(value, 0.0, Kind.EXACT), _ROUNDING * (1 + abs(exact)))


def path_rows(case: ReservoirCase, seen: ObservedRun) -> Iterator[Comparison]:
    """σ of every copy's path, and its fluctuation theorem over the first steps."""
    system = case.system
    if not isinstance(system, DraggedTrap):
        return
    truth = system.exact()
    found = reservoir.path_entropy(seen.theta, system.step_mean, system.step_noise)
    yield Comparison(case.name, "EP of paths", truth["ep_rate"], _per_step(found.mean(), seen.steps))
    short, variance = 2, truth["parameter_variance"] * np.eye(1)
    start = gaussian_log_density(np.array([-system.lag]), variance)
    end = gaussian_log_density(np.array([short * system.speed - system.lag]), variance)
    few = reservoir.path_entropy(seen.theta[:, : short + 1], system.step_mean, system.step_noise, start=start, end=end)
    yield Comparison(case.name, "EP of paths with ends", short * truth["ep_rate"], few.mean())
    yield Comparison(case.name, "fluctuation of σ", 1.0, few.fluctuation())


def _per_step(total: Estimate, steps: int) -> Estimate:
    return Estimate(total.value / steps, total.error / steps, total.kind, total.degrees_of_freedom)
