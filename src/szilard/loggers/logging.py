"""Rows on their way from a record to the loggers: chosen, thinned, and given at times that cost the loop little."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, final

from szilard.loggers.log import Log
from szilard.loggers.logger import Logger, Row
from szilard.loggers.quantities import Quantities, Shape
from szilard.loggers.thinning import Thinning

SHARE = 0.005
"""The share of the loop's time that all loggers together may take; what has to wait for that is written at the end."""
ROWS = 32
"""Rows given in one call at most."""
COLD = 0.1
"""Seconds that a call after the first is foretold at most: the first makes tables, opens files, begins threads."""

GroupRow = tuple[str, int, Mapping[str, Any]]
"""A row of a record: its group, its step and its columns."""


@final
class Outlet:
    """One logger with what waits for it.

    Args:
        log: the logger and its settings.
        shapes: of the record's groups.
        clock: seconds that only grow.

    Raises:
        SpecError: if a quantity that is asked for is not among them.
    """

    def __init__(self, log: Log, shapes: Sequence[Shape], clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self.logger: Logger = log.logger
        self.quantities = Quantities(shapes, log.quantities)
        self._thinning = {shape.group: Thinning(log.every) for shape in shapes}
        self._waiting: list[GroupRow] = []
        self._left: dict[str, GroupRow] = {}
        self._begin: float | None = None
        self._spent = self._call_seconds = 0.0
        self._call_rows = 1

    def add(self, rows: Iterable[GroupRow]) -> None:
        """Takes rows of the record; the last one of each group is kept, should the run end with it."""
        for row in rows:
            group, step, _ = row
            if self._thinning[group].keeps(step):
                self._waiting.append(row)
                self._left.pop(group, None)
            else:
                self._left[group] = row

    def affordable(self, share: float) -> bool:
        """Whether something waits, and one more call keeps to a share of the time since the first, which is free."""
        if not self._waiting or self._begin is None:
            return bool(self._waiting)
        expected = self._call_seconds * max(1.0, min(ROWS, len(self._waiting)) / self._call_rows)
        return share * (self._clock() - self._begin) >= self._spent + (expected if self._spent else min(COLD, expected))

    def write(self) -> None:
        """Gives the logger some of what waits."""
        begin, self._call_rows = self._clock(), min(ROWS, len(self._waiting))
        if rows := self._rows(ROWS):
            self.logger.write(rows)
        end = self._clock()
        self._call_seconds = end - begin
        if self._begin is None:
            self._begin = end
        else:
            self._spent += end - begin

    def finish(self) -> None:
        """The run ends: all that waits, and the last rows."""
        self._waiting += self._left.values()
        self._left = {}
        self.logger.finish(self._rows(len(self._waiting)))

    def _rows(self, most: int) -> list[Row]:
        """The first of what waits, numbers of the same step together."""
        waiting, self._waiting = self._waiting[:most], self._waiting[most:]
        together: dict[int, dict[str, float]] = {}
        for group, step, columns in waiting:
            together.setdefault(step, {}).update(self.quantities.of(group, columns))
        return [Row(step, together[step]) for step in sorted(together) if together[step]]


@final
class Logging:
    """All loggers of a run.

    Args:
        logs: the loggers with their settings.
        shapes: of the record's groups.
        warn: told, once, of each logger that fails and is left out.
        clock: seconds that only grow.

    Raises:
        SpecError: if a quantity that is asked for is not recorded.
    """

    def __init__(
        self,
        logs: Sequence[Log],
        shapes: Sequence[Shape],
        warn: Callable[[str], None],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._outlets = [Outlet(log, shapes, clock) for log in logs]
        self._warn = warn

    def __bool__(self) -> bool:
        """Whether any logger is left."""
        return bool(self._outlets)

    def write(self, rows: Sequence[GroupRow]) -> None:
        """Rows that were recorded, each group's by rising steps."""
        share = SHARE / max(1, len(self._outlets))
        self.keep(rows)
        for outlet in list(self._outlets):
            while outlet.affordable(share) and self._carried(outlet, outlet.write):
                pass

    def keep(self, rows: Sequence[GroupRow]) -> None:
        """The same, but no logger is called before the next time."""
        for outlet in self._outlets:
            outlet.add(rows)

    def finish(self) -> None:
        """The run ends."""
        for outlet in list(self._outlets):
            self._carried(outlet, outlet.finish)
        self._outlets = []

    def _carried(self, outlet: Outlet, action: Callable[[], None]) -> bool:
        """Does it; a logger that cannot is left out from now on, and training goes on."""
        try:
            action()
        except Exception as error:
            self._outlets.remove(outlet)
            self._warn(
                f"the logger {outlet.logger.name} failed ({type(error).__name__}: {error}) and is left out; training "
                "and record go on: szilard.loggers.replay(run, [logger]) puts the record into it afterwards."
            )
            return False
        return True
