"""What a reservoir remembers of earlier records: sums that grow, and a window of the last records that moves."""

from __future__ import annotations

import math
from collections import deque
from typing import final

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.errors import RecordError
from szilard.estimate import Estimate, Kind
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
        scale = float(np.median(norms))
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


def finite(estimate: Estimate) -> Estimate:
    """The estimate, or nothing where its denominator vanished."""
    return estimate if math.isfinite(estimate.value) and math.isfinite(estimate.error) else NOTHING
