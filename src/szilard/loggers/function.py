"""Any function of values and step."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, final

from szilard.errors import SpecError
from szilard.loggers.logger import Logger, Row


@final
class Function(Logger):
    """Calls a function for each row.

    Args:
        target: takes the row's values by name, and its training step.

    Raises:
        SpecError: if it does not take these two.
    """

    def __init__(self, target: Callable[[Mapping[str, float], int], Any]) -> None:
        self.target = target
        if inspect.iscoroutinefunction(target):
            raise SpecError(f"the logger {self.name} is a coroutine, which nobody would await: give a plain function.")
        try:
            signature = inspect.signature(target)
        except (TypeError, ValueError):
            return
        try:
            signature.bind({}, 0)
        except TypeError as error:
            raise SpecError(
                f"the logger {self.name} takes {signature}, and is called with the values and their step: give a "
                "function such as lambda values, step: print(step, values)."
            ) from error

    @property
    def name(self) -> str:
        """The function's own."""
        return str(getattr(self.target, "__qualname__", type(self.target).__name__))

    def write(self, rows: Sequence[Row]) -> None:
        """One call a row."""
        for row in rows:
            self.target(dict(row.values), row.step)
