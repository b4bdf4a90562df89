"""How long the reference population relaxes at a record: as long as it remembers, within bounds."""

from __future__ import annotations

import math
from typing import final

MOST = 100
"""Sampler steps of the reference at a record, where its chains need no more than that themselves."""
REMEMBERED = 0.3
"""Correlation over a relaxation that is aimed at: particles that resampling has made alike part again."""
_FASTEST = 2.0
"""By what the steps may grow at once; they shrink by half as much."""


@final
class Stride:
    """The reference's sampler steps; adapted to its memory unless given.

    Whatever their number, weights keep the population in equilibrium; too few leave it a family of copies, whose common
    error neither weights nor islands show. The memory is that of X under one θ, never of the step's weights, so that
    adapting decides on nothing that is measured.

    Args:
        least: at first, and at the least.
        fixed: whether they were given, and stay.
    """

    def __init__(self, least: int, fixed: bool) -> None:
        self._least = least
        self._fixed = fixed
        self.steps = least
        """At the coming record."""

    def learn(self, memory: float) -> bool:
        """Takes in the correlation over the last relaxation; True if the steps changed."""
        if self._fixed or not math.isfinite(memory):
            return False
        before = self.steps
        wanted = before * math.log(REMEMBERED) / math.log(min(max(memory, 0.01), 0.99))
        wanted = min(max(wanted, 2 * before / (1 + _FASTEST)), _FASTEST * before)
        self.steps = min(max(math.ceil(wanted), self._least), max(MOST, self._least))
        return self.steps != before
