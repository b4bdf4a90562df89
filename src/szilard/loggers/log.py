"""What goes to one logger, and how often, where that is not to be as ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

from szilard.errors import SpecError


@final
@dataclass(frozen=True, slots=True)
class Log:
    """A logger with settings of its own, among ``loggers=[…]``.

    Attributes:
        logger: whatever ``loggers`` takes.
        quantities: names of what is logged, as in the record, with ``*`` for any letters (``"temperature_*"``); errors
            go beside them. None: :data:`szilard.loggers.DEFAULT`.
        every: least number of training steps between rows that are logged; 1: every row of the record. None: as
            :class:`szilard.loggers.thinning.Thinning` chooses them.

    Raises:
        SpecError: if a setting makes no sense.

    Example:
        >>> log = Log(lambda values, step: None, quantities=["work", "heat"], every=100)
        >>> log.every
        100
    """

    logger: Any
    quantities: Sequence[str] | None = None
    every: int | None = None

    def __post_init__(self) -> None:
        names = self.quantities
        if names is not None and (isinstance(names, str) or not names or not all(isinstance(n, str) for n in names)):
            raise SpecError(f"quantities must be a list of names, not {names!r}: give ['work', 'temperature_*'].")
        if self.every is not None and (not isinstance(self.every, int) or self.every < 1):
            raise SpecError(f"every must be a positive whole number of training steps, not {self.every!r}.")
        if isinstance(self.logger, Log):
            raise SpecError("a szilard.loggers.Log is given another one: say what it logs, and how often, once.")
