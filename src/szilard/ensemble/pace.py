"""How training is cut into slices and checkpoints: by the clock."""

from __future__ import annotations

import time
from typing import final

CHECKPOINT_SECONDS = 10.0
"""The least time between checkpoints: what a kill can cost of a chunk's training."""
_SLICE_SECONDS = 0.5
"""About how long a slice of training takes, after which the clock is looked at."""


@final
class Pace:
    """How many steps make a slice, by how long the last ones took."""

    def __init__(self) -> None:
        self._slice = 1
        self._begin: float | None = None
        self._saved = time.monotonic()

    def steps(self, left: int) -> int:
        """Of the next slice; about half a second."""
        now = time.monotonic()
        if self._begin is not None:
            faster = _SLICE_SECONDS / max(now - self._begin, 1e-6)
            self._slice = max(1, int(self._slice * min(faster, 4.0)))
        self._begin = now
        self._slice = min(self._slice, left)
        return self._slice

    def due(self) -> bool:
        """Whether a checkpoint is; asking counts as making it."""
        if time.monotonic() - self._saved < CHECKPOINT_SECONDS:
            return False
        self._saved = time.monotonic()
        return True

    def rest(self) -> None:
        """Something else took time: it does not count for the slice."""
        self._begin = None
