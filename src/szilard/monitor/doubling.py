"""Dense at first, then ever more seldom: the measuring interval doubles until the budget affords it for good.

Nobody knows how long a run will be. A run of 500 steps wants a record of every few of them, one of 10⁵ cannot afford
that. So every step is recorded at first, and the interval doubles each time that enough records of it have been made,
until it is the one that the budget affords. Powers of 2 alone: what two records span was a record at all earlier
intervals, and the path at the last interval is known from the first step on.
"""

from __future__ import annotations

import math
from typing import final

DENSE_RECORDS = 64
"""Records of every single step, before the interval doubles for the first time."""
_AT_FIRST_SECONDS = 2.0
"""What the dense records may take beyond the budget, in all."""
_PER_OCTAVE = (32, 16, 8, 4)
"""Records while the number of steps doubles: as many of these as the seconds allow, and at least the last."""


@final
class DoublingInterval:
    """A measuring interval that begins at 1 and doubles until it reaches the one that a budget affords.

    Example:
        >>> interval = DoublingInterval()
        >>> interval.settle(3, record_seconds=1e-3)
        4
        >>> [(step, interval.after(step)) for step in (1, 63, 64, 66, 126, 128, 132)]
        [(1, 1), (63, 1), (64, 2), (66, 2), (126, 2), (128, 4), (132, 4)]
    """

    def __init__(self) -> None:
        self.every = 1
        self._last: float = math.inf
        self._dense = DENSE_RECORDS
        self.changes = [(0, 1)]
        """Steps at which the interval changed, and to what."""

    @staticmethod
    def affordable(record_seconds: float) -> bool:
        """Whether as many records as are dense stay within two seconds."""
        return DENSE_RECORDS * record_seconds <= _AT_FIRST_SECONDS

    @property
    def doubling(self) -> bool:
        """Whether it may still double."""
        return self.every < self._last

    def settle(self, affordable: int, record_seconds: float) -> int:
        """The least interval that the budget affords is known; returns the power of 2 at which doubling will end."""
        self._last = 2 ** max(0, math.ceil(math.log2(affordable)))
        octaves = max(1.0, math.log2(self._last))
        left = _AT_FIRST_SECONDS / max(record_seconds, 1e-9) - DENSE_RECORDS
        self._dense = 2 * next((count for count in _PER_OCTAVE if count * octaves <= left), _PER_OCTAVE[-1])
        return int(self._last)

    @property
    def settled_at(self) -> float:
        """The training step from which on the interval stays; infinite before that is known."""
        return max(DENSE_RECORDS, self._dense * self._last // 2) if self._last > 1 else 0

    def after(self, step: int) -> int:
        """A record was made at this step: the interval to the next one."""
        if step >= DENSE_RECORDS and step % self.every == 0:
            while self.doubling and step >= self._dense * self.every and step % (2 * self.every) == 0:
                self.every *= 2
                self.changes.append((step, self.every))
        return self.every
