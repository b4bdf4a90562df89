"""The first fluctuation–dissipation relation between two records, from where the parameters were at either."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.estimate import Estimate, Kind
from szilard.monitor.reservoir.tracked import TrackedParameters
from szilard.monitor.reservoir.window import NOTHING
from szilard.reservoir.dynamics import Dynamics
from szilard.reservoir.fluctuation_dissipation import Place, fdr_ratio

_CHANGED = 2.0
"""A rate that has changed by more between two records has no mean to speak of."""


@final
@dataclass(frozen=True, slots=True)
class IntervalEnd:
    """One end of an interval.

    Attributes:
        step: steps that the optimiser has made.
        dynamics: of every parameter.
        squares, along, velocity: ``‖θ‖²``, ``θ·v`` and ``‖v‖²`` of every parameter.
        kinetic: the kinetic temperature times the number of parameters, of every group.
        displacement: ``‖Δθ‖²`` per step of every group, for adaptive optimisers.
    """

    step: int
    dynamics: list[Dynamics | None]
    squares: Float[ndarray, " parameters"]
    along: Float[ndarray, " parameters"]
    velocity: Float[ndarray, " parameters"]
    kinetic: Sequence[Estimate]
    displacement: Sequence[Estimate]

    def place(self, index: int) -> Place:
        """Where one parameter was, and how it moved: ``‖θ‖²``, ``θ·v`` and ``‖v‖²``."""
        return Place(float(self.squares[index]), float(self.along[index]), float(self.velocity[index]))


def relation(start: IntervalEnd | None, end: IntervalEnd, tracked: TrackedParameters) -> list[Estimate]:
    """``⟨θ·∇U⟩`` over its value at stationarity, for every group; nothing at the first record.

    The path between is telescoped exactly; the squares of gradients (or displacements) are those of the bursts at both
    ends, whose errors are carried through. Adaptive optimisers: the ratio of displacements.
    """
    groups = len(tracked.groups)
    if start is None or end.step == start.step:
        return [NOTHING] * groups
    steps = end.step - start.step
    adaptive = any(one is not None and one.adaptive for one in end.dynamics)
    if adaptive:
        missing = tracked.by_group(end.squares - start.squares) / steps
    else:
        each = [_missing(start, end, index, steps) for index in range(len(tracked.parameters))]
        missing = tracked.by_group(np.array(each))
    found = []
    for group in range(groups):
        ends = [(one.displacement if adaptive else one.kinetic)[group] for one in (start, end)]
        value = 0.5 * (ends[0].value + ends[1].value)
        error = 0.5 * math.hypot(ends[0].error, ends[1].error)
        if not value > 0 or not math.isfinite(missing[group]):
            found.append(NOTHING)
            continue
        found.append(Estimate(1 - missing[group] / value, abs(missing[group]) * error / value**2, Kind.ASYMPTOTIC))
    return found


def _missing(start: IntervalEnd, end: IntervalEnd, index: int, steps: int) -> float:
    """What the ends say of one parameter: kinetic side less ⟨θ·g⟩, NaN where the dynamics changed between."""
    before, after = start.dynamics[index], end.dynamics[index]
    if before is None or after is None:
        return math.nan
    rates = sorted((before.rate, after.rate))
    if rates[0] <= 0 or rates[1] > _CHANGED * rates[0] or replace(before, rate=after.rate) != after:
        return math.nan
    dynamics = replace(after, rate=0.5 * sum(rates))
    # The squares drop out of what is missing: any serve.
    ratio = fdr_ratio(dynamics, start.place(index), end.place(index), steps, gradient_square=1.0, buffer_square=1.0)
    return float((1 - ratio.value) * dynamics.kinetic(1.0, 1.0))
