"""TensorBoard: any writer of scalars, torch's ``SummaryWriter`` or tensorboardX's.

It keeps numbers as float32, takes steps in any order within a file, and shows no more than so many points of a curve.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

from szilard.loggers.logger import Logger, Row


@final
class TensorBoard(Logger):
    """Writes scalars.

    Args:
        target: the writer.
    """

    def __init__(self, target: Any) -> None:
        self.target = target

    @classmethod
    def takes(cls, given: Any) -> bool:
        """Whether it is a writer of scalars."""
        return callable(getattr(given, "add_scalar", None))

    def write(self, rows: Sequence[Row]) -> None:
        """One scalar for each number."""
        for row in rows:
            for name, value in row.values.items():
                self.target.add_scalar(name, value, row.step)

    def finish(self, rows: Sequence[Row]) -> None:
        """Has the file written."""
        self.write(rows)
        self.target.flush()
