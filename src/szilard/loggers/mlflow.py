"""MLflow: its module, for the run in progress, a run, or a client with a run.

Rows go in batches of a thousand numbers, since each call waits for the server or a database. It refuses some characters
in names, and keeps no infinite number.
"""

from __future__ import annotations

import importlib
import posixpath
import re
import time
from collections.abc import Sequence
from typing import Any, final

from szilard.loggers.logger import Logger, Row, closed, distinct, is_module, libraries

LONGEST = 250
"""Letters of a name."""
MOST = 1000
"""Numbers of a batch."""
_REFUSED = re.compile(r"[^\w\-. /]", re.ASCII)


@final
class MLflow(Logger):
    """Logs metrics into a run, whatever run is active meanwhile.

    Args:
        target: the module or a client, for the run in progress; a run; or a client beside ``run_id``.
        run_id: of the run.

    Raises:
        SpecError: if no run is in progress, or it has ended.
    """

    def __init__(self, target: Any, run_id: str | None = None) -> None:
        mlflow = importlib.import_module("mlflow")
        self.target = target
        self._client = target if callable(getattr(target, "log_batch", None)) else mlflow.MlflowClient()
        if run_id is None:
            run = target if hasattr(target, "info") else mlflow.active_run()
            if run is None:
                raise closed("mlflow has no run in progress", "call mlflow.start_run() before the monitor is made")
            run_id = run.info.run_id
        try:
            status = self._client.get_run(run_id).info.status
        except Exception as error:
            raise closed(f"mlflow gives no run {run_id!r} ({error})", "see mlflow.set_tracking_uri") from error
        if status in ("FINISHED", "FAILED", "KILLED"):
            raise closed(f"the run {run_id} of mlflow has ended", "give one that is in progress")
        self._run_id = run_id
        self._names: dict[str, str] = {}

    @classmethod
    def takes(cls, given: Any) -> bool:
        """Whether it is the module, a run or a client."""
        ours = "mlflow" in libraries(given) and (hasattr(given, "info") or callable(getattr(given, "log_batch", None)))
        return is_module(given, "mlflow") or ours

    @property
    def name(self) -> str:
        """The library's."""
        return "MLflow"

    @property
    def run_id(self) -> str:
        """Of the run that is written to."""
        return self._run_id

    def write(self, rows: Sequence[Row]) -> None:
        """As few calls as their size allows."""
        metric = importlib.import_module("mlflow.entities").Metric
        new = [name for row in rows for name in row.values if name not in self._names]
        if new:
            every = list(dict.fromkeys([*self._names, *new]))
            self._names = distinct(every, {name: allowed(name) for name in every})
        now = int(1000 * time.time())
        numbers = [
            metric(self._names[name], value, now, row.step) for row in rows for name, value in row.values.items()
        ]
        for begin in range(0, len(numbers), MOST):
            self._client.log_batch(self._run_id, metrics=numbers[begin : begin + MOST])


def allowed(name: str) -> str:
    """A name as MLflow takes it, with ``_`` in the place of what it refuses.

    Example:
        >>> allowed("szilard/temperature_noise/blocks[0](a|b)"), allowed("szilard/heat//..")
        ('szilard/temperature_noise/blocks_0__a_b_', 'szilard/heat/_')
    """
    parts = [part if part.strip(".") else "_" for part in _REFUSED.sub("_", name).split("/") if part]
    return posixpath.join(*parts)[: LONGEST - 4].rstrip("/")
