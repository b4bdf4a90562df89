"""What a reservoir remembers of earlier records: sums that grow, and a window of the last records that moves.

The first fluctuation–dissipation relation between two records, from where the parameters were at either.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.errors import RecordError
from szilard.estimate import Estimate, Kind
from szilard.monitor.reservoir.tracked import TrackedParameters
from szilard.reservoir.dynamics import Dynamics
from szilard.reservoir.fluctuation_dissipation import Place, fdr_ratio
from szilard.reservoir.replicates import ratio_of_means
from szilard.reservoir.tails import tail_index
from szilard.reservoir.temperature import configurational_of_gram
from szilard.reservoir.time_average import TimeAverage

FEWEST_RECORDS = 8
"""Before a configurational temperature is given: fewer have no autocorrelation time."""
FEWEST_RATIOS = 3
FEWEST_NORMS = 100
"""Before a tail index is given: its error would be the value itself."""
_BLOCKS = 32
NOTHING = Estimate(math.nan, math.nan, Kind.ASYMPTOTIC)


@final
class BlockSums:
    """Pairs of sums over all records so far, in at most 32 blocks of consecutive ones, for a ratio with its error."""

    def __init__(self) -> None:
        self._blocks: list[tuple[float, float]] = []
        self._open = (0.0, 0.0, 0)
        self._length = 1

    def add(self, numerator: float, denominator: float) -> None:
        """Adds one record's numerator and denominator to the present block."""
        above, below, count = self._open
        above, below, count = above + numerator, below + denominator, count + 1
        if count < self._length:
            self._open = (above, below, count)
            return
        self._blocks.append((above, below))
        self._open = (0.0, 0.0, 0)
        if len(self._blocks) == _BLOCKS:
            self._blocks = [
                (a[0] + b[0], a[1] + b[1]) for a, b in zip(self._blocks[::2], self._blocks[1::2], strict=True)
            ]
            self._length *= 2

    def ratio(self) -> Estimate:
        """The ratio of the sums, its error by the jackknife over blocks; nothing with fewer than two."""
        blocks = list(self._blocks)
        if self._open[2]:
            # a block that is not full weighs less, which the jackknife takes: it is one of at least sixteen
            blocks.append(self._open[:2])
        if len(blocks) < 2:
            return NOTHING
        above, below = np.array(blocks).T
        return finite(ratio_of_means(above, below))


@final
class Window:
    """The last records of one group of parameters.

    Args:
        records: how many.
        parameters: in the group.
        sampled: of these, looked at one by one.
    """

    def __init__(self, records: int, parameters: float, sampled: int) -> None:
        self._parameters, self._sampled = parameters, sampled
        # of each place its ring of records: positions, forces, products
        self._ring = np.zeros((3, records, sampled))
        self._sums = np.zeros((3, sampled))
        self._gram = np.zeros((records, records))
        self._within = np.zeros(records)
        self._records = 0
        self._squares: deque[tuple[float, float]] = deque(maxlen=records)
        self._norms: deque[Float[ndarray, " steps"]] = deque(maxlen=records)

    def add(self, position: ndarray, force: ndarray, product: ndarray) -> None:
        """A record's means over its burst: sampled θ, sampled ∇U, and their product place by place."""
        place = self._records % len(self._gram)
        self._records += 1
        for row, values in enumerate((position, force, product)):
            self._sums[row] += values - self._ring[row, place]
            self._ring[row, place] = values
        count = min(self._records, len(self._gram))
        self._gram[place, :count] = self._ring[1, :count] @ position
        self._gram[:count, place] = self._ring[0, :count] @ force
        self._within[place] = product.sum() - self._gram[place, place]

    def add_noise(self, trace: float, trace_of_square: float, norms: Float[ndarray, " steps"]) -> None:
        """A record's ``(tr C)²`` and ``tr C²``, and the norms of its noises."""
        self._squares.append((trace, trace_of_square))
        # The median, which one great value does not move: in units of their own root mean square no n values exceed √n.
        scale = _median(norms)
        if scale > 0:
            self._norms.append(norms / scale)

    def temperature(self) -> TimeAverage:
        """⟨(θ − θ̄)·∇U⟩ per parameter; where the group is sampled, the error of the sample is in the error."""
        size = len(self._gram)
        count = min(self._records, size)
        if count < FEWEST_RECORDS:
            return TimeAverage(NOTHING, math.nan, math.nan)
        order = np.arange(self._records - count, self._records) % size
        average = configurational_of_gram(self._gram[np.ix_(order, order)], self._sampled, self._within[order])
        share = self._sampled / self._parameters
        if share == 1:
            return average
        positions, forces, products = self._sums / count
        each = products - positions * forces
        of_sample = math.sqrt((1 - share) / self._sampled) * float(each.std(ddof=1))
        value = average.value
        error = math.hypot(float(value.error), of_sample)
        estimate = Estimate(value.value, error, value.kind, value.degrees_of_freedom)
        return TimeAverage(estimate, average.autocorrelation_time, average.effective_samples)

    def participation(self) -> Estimate:
        """(tr C)²/tr C² as the ratio of sums over the window."""
        if len(self._squares) < FEWEST_RATIOS:
            return NOTHING
        above, below = np.array(self._squares).T
        return finite(ratio_of_means(above, below))

    def tail(self) -> Estimate:
        """Hill's index of the noises' norms, each in units of its burst's median."""
        if sum(map(len, self._norms)) < FEWEST_NORMS:
            return NOTHING
        try:
            return finite(tail_index(np.concatenate(self._norms)))
        except RecordError:  # all alike, as for a noise that never changes
            return NOTHING


def _median(values: Float[ndarray, " steps"]) -> float:
    """Of a few values: NumPy's own takes ten times as long."""
    ordered, half = np.sort(values), len(values) // 2
    return float(ordered[half]) if len(values) % 2 else 0.5 * float(ordered[half - 1] + ordered[half])


def finite(estimate: Estimate) -> Estimate:
    """The estimate, or nothing where its denominator vanished."""
    return estimate if math.isfinite(estimate.value) and math.isfinite(estimate.error) else NOTHING


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
    moved = end.squares[index] - start.squares[index]
    if before is None or after is None:
        return 0.0 if before is after and moved == 0 else math.nan  # frozen all the way
    if after.adaptive:
        return float(moved / steps)
    rates = sorted((before.rate, after.rate))
    if rates[0] <= 0 or rates[1] > _CHANGED * rates[0] or replace(before, rate=after.rate) != after:
        return math.nan
    dynamics = replace(after, rate=0.5 * sum(rates))
    # The squares drop out of what is missing: any serve.
    ratio = fdr_ratio(dynamics, start.place(index), end.place(index), steps, gradient_square=1.0, buffer_square=1.0)
    return float((1 - ratio.value) * dynamics.kinetic(1.0, 1.0))
