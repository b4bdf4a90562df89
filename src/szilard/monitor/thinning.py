"""Which records are looked at where not all are: the first ones, and then ever fewer."""

from __future__ import annotations

import math
from typing import final


@final
class ThinningSchedule:
    """Says which records to look at: all of the first ``dense``, then each further from the start by a factor.

    Args:
        growth: from one record's number to the next one's, counted from 1 (from 0 with ``behind=1``).
        dense: records at first that are all looked at.
        behind: what is taken off a record's number before it grows.
        first: number of the first, from 0; infinite for none.

    Example:
        >>> schedule = ThinningSchedule(growth=1.5, dense=3)
        >>> [number for number in range(12) if schedule.due()]
        [0, 1, 2, 5, 9]
    """

    def __init__(self, growth: float, *, dense: int = 0, behind: int = 0, first: float = 0) -> None:
        self._growth, self._dense, self._behind = growth, dense, behind
        self._records = 0
        self._next = first

    def due(self) -> bool:
        """Whether the coming record is one to look at; counts it."""
        due = self._records >= self._next
        self._records += 1
        if due:
            self._next = self._after(self._records)
        return due

    def _after(self, following: int) -> int:
        if following < self._dense:
            return following
        return max(following, math.ceil(self._growth * (following - self._behind)))
