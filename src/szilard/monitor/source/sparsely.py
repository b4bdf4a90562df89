"""A rhythm for records that are looked at, not added up: dense at first, then ever more sparsely."""

from __future__ import annotations

import math
from typing import final

_GROWTH = 1.2


@final
class Sparsely:
    """Of the records offered, those to keep: the first ones, and then each further from the start by a fifth."""

    def __init__(self) -> None:
        self._records = self._next = 0

    def due(self) -> bool:
        """Whether to keep the present record; counts it."""
        kept = self._records >= self._next
        if kept:
            self._next = max(self._records + 1, math.ceil(_GROWTH * self._records))
        self._records += 1
        return kept
