"""How often a logger is given a row: ever more seldom, so that a long run does not drown in its points."""

from __future__ import annotations

from typing import final

DENSE_BITS = 7
"""The first 2**7 rows all go; from then on as many in each doubling of their number as in half of that."""


@final
class Thinning:
    """Chooses rows of one group, in their order.

    Without ``every`` the first 128 rows are given, then every second until there were 256, every fourth until 512, and
    so on: 64 for each doubling, 760 of 100,000, never further apart than a 64th of the run so far.

    Args:
        every: least number of training steps between two rows that are given, in place of this; 1 gives all.

    Example:
        >>> thinning = Thinning()
        >>> sum(thinning.keeps(step) for step in range(1000))
        317
    """

    def __init__(self, every: int | None = None) -> None:
        self._every = every
        self._seen = 0
        self._last: int | None = None

    def keeps(self, step: int) -> bool:
        """Whether the group's next row, of this training step, is given."""
        if self._every is None:
            number, self._seen = self._seen, self._seen + 1
            return number % (1 << max(0, number.bit_length() - DENSE_BITS)) == 0
        kept = self._last is None or step - self._last >= self._every
        self._last = step if kept else self._last
        return kept
