"""Laws of the reservoir that need no run of parameters: tails, breaks, Σ against the learning rate."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from szilard import reservoir
from szilard.estimate import Estimate, Kind
from szilard.systems import DraggedTrap
from szilard.verify.row import Comparison

_TAIL = 1.5
_BREAK = 120


def law_rows(*, seed: int = 90) -> Iterator[Comparison]:
    """All of them."""
    generator = np.random.default_rng(seed)
    power_law = generator.choice([-1.0, 1.0], 20_000) * (1 + generator.pareto(_TAIL, 20_000))
    yield Comparison("power law", "tail index", _TAIL, reservoir.tail_index(power_law))
    yield Comparison("power law", "extreme values", 1 / _TAIL, reservoir.extreme_value_index(power_law))
    series = generator.normal(size=200)
    series[_BREAK:] += 6
    found = reservoir.regimes(series).bounds
    place = Estimate(float(found[1]), 0.0, Kind.EXACT)
    yield Comparison("a step in a series", "place of the break", float(_BREAK), place, 1.0)
    yield Comparison("a step in a series", "regimes", 2.0, Estimate(float(len(found) - 1), 0.0, Kind.EXACT), 0.5)
    yield _quasi_static(seed)


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
