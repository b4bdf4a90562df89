"""Every estimator of the reservoir against every exact reservoir, from one run of each.

Laws of the reservoir that need no run of parameters: tails, breaks, Σ against the learning rate.

Equilibrium and entropy production of the parameters, against the exact reservoirs.

How often the intervals of the reservoir's estimators hold the truth, run by run.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from szilard import reservoir
from szilard.estimate import Estimate, Kind
from szilard.reservoir.linear import stationary_covariance
from szilard.reservoir.path_entropy import gaussian_log_density
from szilard.reservoir.replicates import exponent
from szilard.reservoir.reversal import retrace
from szilard.systems import DraggedTrap, Gyrator, HeavyBall
from szilard.verify.case import named
from szilard.verify.coverage import Coverage, count
from szilard.verify.reservoir_case import ObservedRun, ReservoirCase, reservoir_cases, runs
from szilard.verify.reservoir_time import (
    correlation_rows,
    drift_rows,
    group_rows,
    noise_rows,
    relation_rows,
    time_rows,
    work_rows,
)
from szilard.verify.row import Comparison

STEPS = 500
"""Steps of the run that each case is seen for: a hundred epochs of the shuffled one."""


def reservoirs(*names: str) -> Iterator[Comparison]:
    """Every comparison of the reservoir's estimators, or of the systems of these names alone, each by its own seeds."""
    seeds = {case.name: 70 + 2 * index for index, case in enumerate(reservoir_cases())}
    for case in named(reservoir_cases(), names):
        yield from linear_rows(case)
        for seen in runs(case, STEPS, seed=seeds[case.name]):
            yield from sampled_rows(case, seen)
            yield from work_rows(case, seen)
            yield from relation_rows(case, seen)
    yield from (row for row in law_rows() if not names or row.system in names)


def sampled_rows(case: ReservoirCase, seen: ObservedRun) -> Iterator[Comparison]:
    """Rows whose error bars decide, and whose coverage is counted (the work's is that of noise and signal)."""
    yield from noise_rows(case, seen)
    yield from correlation_rows(case, seen)
    yield from drift_rows(case, seen)
    yield from time_rows(case, seen)
    yield from group_rows(case, seen)
    yield from equilibrium_rows(case, seen)
    yield from path_rows(case, seen)


_TAIL = 1.5
_BREAK = 120
_ROUNDING = 1e-9


def law_rows(*, seed: int = 90) -> Iterator[Comparison]:
    """Every comparison of a law that needs no run of parameters."""
    generator = np.random.default_rng(seed)
    power_law = generator.choice([-1.0, 1.0], 20_000) * (1 + generator.pareto(_TAIL, 20_000))
    yield Comparison("power law", "tail index", _TAIL, reservoir.tail_index(power_law))
    yield Comparison("power law", "extreme values", 1 / _TAIL, reservoir.extreme_value_index(power_law))
    series = generator.normal(size=200)
    series[_BREAK:] += 6
    found = reservoir.regimes(series).bounds
    yield Comparison("a step in a series", "place of the break", float(_BREAK), _exact(found[1]), 1.0)
    yield Comparison("a step in a series", "regimes", 2.0, _exact(len(found) - 1), 0.5)
    yield _quasi_static(seed)
    yield from _way_back()


def _way_back() -> Iterator[Comparison]:
    """Descent retraced by ascent on two quadratic directions: each comes back to ``(1 − r²h²)ⁿ`` of where it began."""
    ball, start = HeavyBall(curvature=(1.0, 3.0), noise=0.0, rate=0.1), torch.ones(2, dtype=torch.float64)

    def distance(rate: float, steps: int) -> float:
        run = retrace(lambda theta, _: ball.force(theta), start, [None] * steps, rate)
        return float(run.distance[-1, 0])

    truth = math.hypot(*(1 - (1 - (ball.rate * h) ** 2) ** 7 for h in ball.curvatures))
    yield Comparison("a way back", "distance of 7 steps", truth, _exact(distance(ball.rate, 7)), _ROUNDING)
    rates = (0.1, 0.01, 0.001)
    law = exponent(rates, [[distance(rate, 1) for rate in rates]])
    yield Comparison("a way back", "exponent in r", 2.0, _exact(law.value), _ROUNDING)


def _exact(value: float) -> Estimate:
    return Estimate(float(value), 0.0, Kind.EXACT)


def _quasi_static(seed: int) -> Comparison:
    """A minimum that moves by a given amount a step, at a given temperature: Σ ∝ 1/r, to a relative rh ≪ error."""
    temperature, rates = 0.5, (0.001, 0.002, 0.004, 0.008)
    productions = []
    for index, rate in enumerate(rates):
        trap = DraggedTrap(speed=0.2 * rate**0.5, curvature=1.0, noise=2 * temperature / rate, rate=rate)
        path = trap.simulate(20, members=500, seed=seed + index).theta.numpy()
        sigma = reservoir.path_entropy(path, trap.step_mean, trap.step_noise).mean()
        productions.append(Estimate(sigma.value / rate, sigma.error / rate, sigma.kind, sigma.degrees_of_freedom))
    # speeds ∝ √r keep Σ per step and its relative error alike; Σ/v² ∝ 1/r is what is fitted
    return Comparison(
        "dragged traps", "exponent of Σ/v² in r", -1.0, reservoir.quasi_static(rates, productions).exponent
    )


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


_ALARM = 0.05
_AT_ONCE = 40
"""Runs in memory at a time."""


@dataclass(frozen=True, slots=True)
class Alarms:
    """How often a test of equilibrium rejects at 5 %.

    Attributes:
        system: the exact system.
        test: which.
        steps: of each run.
        replicates: independent runs.
        rejected: how many.
    """

    system: str
    test: str
    steps: int
    replicates: int
    rejected: int


def reservoir_coverage(case: ReservoirCase, steps: int, *, replicates: int, seed: int = 43) -> Iterator[Coverage]:
    """Coverage of everything that verification says of one case, over independent runs of ``steps`` steps.

    Each run has its own truth where it is that of the path (noise and signal at the θ visited), so what is counted is
    the deviation.
    """
    lines: dict[str, list[Comparison]] = {}
    for seen in _all_runs(case, steps, replicates, seed):
        for comparison in sampled_rows(case, seen):
            lines.setdefault(comparison.estimator, []).append(comparison)
    for estimator, comparisons in lines.items():
        yield count(case.name, estimator, steps, 0.0, _deviations(comparisons))


def alarms(case: ReservoirCase, steps: int, *, replicates: int, seed: int = 47) -> Iterator[Alarms]:
    """Size, or power, of the tests of detailed balance and of the canonical state."""
    found: dict[str, int] = {"detailed balance": 0, "canonical state": 0}
    for index, seen in enumerate(_all_runs(case, steps, replicates, seed)):
        found["detailed balance"] += reservoir.detailed_balance(seen.theta, seed=index).p_value < _ALARM
        found["canonical state"] += reservoir.canonical(seen.theta, seen.force).p_value < _ALARM
    for test, rejected in found.items():
        yield Alarms(case.name, test, steps, replicates, rejected)


def _all_runs(case: ReservoirCase, steps: int, replicates: int, seed: int) -> Iterator[ObservedRun]:
    for start in range(0, replicates, _AT_ONCE):
        yield from runs(case, steps, replicates=min(_AT_ONCE, replicates - start), seed=seed + 1000 * start)


def _deviations(comparisons: list[Comparison]) -> Estimate:
    """One estimate over replicates, in units of each one's own Student quantile of 97.5 %, so that all share one."""
    values = np.array([float(one.estimate.value) - one.truth for one in comparisons])
    halves = np.array([one.estimate.interval()[1] - one.estimate.value for one in comparisons], dtype=np.float64)
    normal = Estimate(0.0, 1.0, Kind.UNBIASED).interval()[1]
    return Estimate(values, halves / normal, _two_sided(comparisons[0].estimate.kind))


def _two_sided(kind: Kind) -> Kind:
    """A bound is held against what its current proves, not against what it bounds."""
    return Kind.ASYMPTOTIC if kind is Kind.LOWER else kind
