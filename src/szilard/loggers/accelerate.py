"""Accelerate's trackers: those of a library that is known here are looked through, others are called.

Its tracker for W&B gives W&B every step, and those that come late would be dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

from szilard.loggers.logger import Logger, Row, closed, libraries


@final
class Accelerate(Logger):
    """Logs by a tracker.

    Args:
        target: the tracker.
    """

    def __init__(self, target: Any) -> None:
        self.target = target

    @classmethod
    def takes(cls, given: Any) -> bool:
        """Whether it is a tracker, or derived from one."""
        return "accelerate" in libraries(given) and hasattr(given, "tracker") and callable(getattr(given, "log", None))

    @property
    def name(self) -> str:
        """The tracker's."""
        return str(getattr(self.target, "name", type(self.target).__name__))

    def write(self, rows: Sequence[Row]) -> None:
        """One call a row."""
        for row in rows:
            self.target.log(dict(row.values), step=row.step)


def trackers_of(given: Any) -> list[Any]:
    """All trackers of an ``Accelerator``.

    Raises:
        SpecError: if it has none.
    """
    trackers = list(given.trackers)
    if not trackers:
        raise closed(
            "the Accelerator has no trackers yet", "call accelerator.init_trackers(…) before the monitor is made"
        )
    return trackers
