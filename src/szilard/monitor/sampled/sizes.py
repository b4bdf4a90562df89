"""Numbers of samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True, slots=True)
class Sizes:
    """How many samples serve what.

    Attributes:
        slots: that measure, in every set.
        checkpoint: fresh ones for the entropy of the first and of the last model.
    """

    slots: int
    checkpoint: int

    @property
    def scouts(self) -> int:
        """Beside the slots, to say when a set is spent."""
        return max(16, self.slots // 8)

    @property
    def direct(self) -> int:
        """Of the first model, kept for ever."""
        return max(16, self.slots // 4)
