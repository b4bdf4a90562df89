"""trackio: a run, or its module for the run in progress.

It takes steps in any order, and counts on from the greatest where its own user gives none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

from szilard.loggers.logger import Logger, Row, closed, is_module, libraries


@final
class Trackio(Logger):
    """Logs into a run.

    Args:
        target: the run; the module stands for the one in progress.

    Raises:
        SpecError: if there is none.
    """

    def __init__(self, target: Any) -> None:
        if is_module(target, "trackio"):
            target = target.context_vars.current_run.get()
            if target is None:
                raise closed("trackio has no run in progress", "call trackio.init(…) before the monitor is made")
        self.target = target

    @classmethod
    def takes(cls, given: Any) -> bool:
        """Whether it is a run, or the module."""
        return is_module(given, "trackio") or ("trackio" in libraries(given) and callable(getattr(given, "log", None)))

    @property
    def name(self) -> str:
        """The library's."""
        return "trackio"

    def write(self, rows: Sequence[Row]) -> None:
        """One entry a row."""
        for row in rows:
            self.target.log(dict(row.values), step=row.step)
