"""W&B: a run, or the module ``wandb`` for the run in progress.

Its own steps must not fall: a value for a smaller one is dropped. Numbers of szilard come late, so their training step
is a value of its own, ``szilard/step``, which is the axis of all of them. A row that is committed moves W&B's step on,
and whatever the loop then logs at a step of its own that lies before is dropped. So szilard commits none: its latest
numbers join the row that the loop has open, and go with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, final

from szilard.errors import SpecError
from szilard.loggers.logger import Logger, Row, closed, is_module, libraries
from szilard.loggers.quantities import PREFIX

AXIS = f"{PREFIX}step"


@final
class WandB(Logger):
    """Logs into a run.

    Args:
        target: the run; the module stands for the one in progress.
        rows: ``"joined"``: one row joins whatever the loop logs next, the latest of each kind in turn, so that no step
            of W&B is taken from the loop; where the loop logs nothing, all wait for the end. ``"all"``: every row is
            one of W&B's at once, for loops that log without ``step=``.

    Raises:
        SpecError: if there is no run, it is finished, or ``rows`` is neither.
    """

    def __init__(self, target: Any, rows: Literal["joined", "all"] = "joined") -> None:
        if is_module(target, "wandb"):
            target = target.run
            if target is None:
                raise closed("wandb has no run in progress", "call wandb.init(…) before the monitor is made")
        if rows not in ("joined", "all"):
            raise SpecError(f"rows must be 'joined' or 'all', not {rows!r}: 'all' where the loop logs without step=.")
        self.target = target
        self._all = rows == "all" or getattr(getattr(target, "settings", None), "mode", None) == "shared"
        self._alone: list[Row] | None = []
        """Every row, as long as nothing else is logged."""
        self._latest: dict[frozenset[str], Row] = {}
        """Of each kind, by the names in it; the one that has waited longest comes first."""
        self._begin = self._joined = -1
        self._open: frozenset[str] = frozenset()
        """The names of the row that was joined last."""
        try:
            target.define_metric(AXIS, hidden=True)
            target.define_metric(f"{PREFIX}*", step_metric=AXIS)
        except Exception as error:
            raise closed(f"the run of wandb takes nothing ({error})", "give one from wandb.init(…)") from error

    @classmethod
    def takes(cls, given: Any) -> bool:
        """Whether it is a run, or the module."""
        return is_module(given, "wandb") or ("wandb" in libraries(given) and hasattr(given, "define_metric"))

    @property
    def name(self) -> str:
        """The library's."""
        return "W&B"

    def write(self, rows: Sequence[Row]) -> None:
        """All rows; or one into the row that is open, if the loop has logged since the last."""
        if self._all:
            self._commit(rows)
            return
        step = self._wait(rows)
        if step != self._joined and self._latest:
            self._join(next(iter(self._latest)), step)

    def finish(self, rows: Sequence[Row]) -> None:
        """The last row, if there is place for it; every one, where nothing but these was logged."""
        if self._all:
            self._commit(rows)
            return
        step = self._wait(rows)
        if self._alone is not None:
            self._commit(self._alone)
            return
        for names in sorted(self._latest, key=lambda names: self._latest[names].step, reverse=True):
            if step != self._joined or self._open <= names:  # else numbers of another step are in the open row
                self._join(names, step)
                return

    def _wait(self, rows: Sequence[Row]) -> int:
        """Keeps rows until there is place for them, and returns W&B's own step."""
        for row in rows:
            self._latest[frozenset(row.values)] = row
        step = int(self.target.step)
        if self._begin < 0:
            self._begin = step
        if self._alone is not None:
            self._alone = [*self._alone, *rows] if step == self._begin else None
        return step

    def _join(self, names: frozenset[str], step: int) -> None:
        row = self._latest.pop(names)
        self.target.log({**row.values, AXIS: row.step}, commit=False)
        self._joined, self._open = step, names

    def _commit(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self.target.log({**row.values, AXIS: row.step})
