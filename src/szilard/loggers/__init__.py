"""People's loggers: the numbers of a watched run beside their own, in TensorBoard, W&B, MLflow, trackio and others.

``loggers=[…]`` of :class:`szilard.Monitor` takes them as they are; :class:`Log` says which numbers and how often, and
:func:`replay` puts a record into them afterwards. None of these libraries is imported here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from szilard.doors import door

if TYPE_CHECKING:
    from szilard.loggers.log import Log
    from szilard.loggers.logger import Logger, Row
    from szilard.loggers.mlflow import MLflow
    from szilard.loggers.quantities import DEFAULT
    from szilard.loggers.replaying import replay
    from szilard.loggers.wandb import WandB
else:
    _HOMES = {
        "DEFAULT": "quantities",
        "Log": "log",
        "Logger": "logger",
        "MLflow": "mlflow",
        "Row": "logger",
        "WandB": "wandb",
        "replay": "replaying",
    }
    __getattr__, __dir__ = door(__name__, _HOMES)

__all__ = ["DEFAULT", "Log", "Logger", "MLflow", "Row", "WandB", "replay"]
