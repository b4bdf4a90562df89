"""Lightning's own loggers, and whatever is made like them.

Its logger for W&B gives no steps of W&B's, so that every row can be one; that for MLflow drops what MLflow refuses in a
name, so that two names could become one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

from szilard.loggers.logger import Logger, Row, closed, distinct, libraries
from szilard.loggers.mlflow import allowed

PACKAGES = {"lightning", "lightning_fabric", "pytorch_lightning"}


@final
class Lightning(Logger):
    """Logs metrics.

    Args:
        target: the logger.

    Raises:
        SpecError: if it cannot begin, as one that is not logged in.
    """

    def __init__(self, target: Any) -> None:
        self.target = target
        try:
            target.experiment  # noqa: B018 - which begins it
        except Exception as error:
            raise closed(
                f"{type(target).__name__} cannot begin ({error})", "log in, or tell it to keep its files offline"
            ) from error
        self._names_of_mlflow = any(base.__name__ == "MLFlowLogger" for base in type(target).__mro__)

    @classmethod
    def takes(cls, given: Any) -> bool:
        """Whether it is a logger of Lightning, or derived from one."""
        return bool(PACKAGES & libraries(given)) and callable(getattr(given, "log_metrics", None))

    def write(self, rows: Sequence[Row]) -> None:
        """One call a row."""
        for row in rows:
            values = dict(row.values)
            if self._names_of_mlflow:
                names = distinct(values, {name: allowed(name) for name in values})
                values = {names[name]: value for name, value in values.items()}
            self.target.log_metrics(values, step=row.step)

    def finish(self, rows: Sequence[Row]) -> None:
        """Has it saved, as a logger that keeps rows in memory needs."""
        self.write(rows)
        self.target.save()
