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
        scouts: beside the slots, to say when a set is spent.
        direct: of the first model, kept for ever, with scouts of their own.
    """

    slots: int
    checkpoint: int
    scouts: int
    direct: int

    @classmethod
    def of(cls, slots: int, checkpoint: int) -> Sizes:
        """What goes well with these."""
        return cls(slots, checkpoint, scouts=max(16, slots // 8), direct=max(8, slots // 4))

    @property
    def direct_scouts(self) -> int:
        """Beside the samples of the first model."""
        return min(self.scouts, self.direct)
