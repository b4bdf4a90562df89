"""Laws of the reservoir that need no run of parameters: tails, breaks, Σ against the learning rate."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch

from szilard import reservoir
from szilard.estimate import Estimate, Kind
from szilard.reservoir.power_law import exponent
from szilard.reservoir.reversal import retrace
from szilard.systems import DraggedTrap, HeavyBall
from szilard.verify.row import Comparison

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
