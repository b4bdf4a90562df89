"""Which library a logger is of: told by its class, which whoever gives it has imported."""

from __future__ import annotations

import sys
import types
from collections.abc import Sequence
from typing import Any

from szilard.errors import SpecError
from szilard.loggers.accelerate import Accelerate, trackers_of
from szilard.loggers.function import Function
from szilard.loggers.lightning import Lightning
from szilard.loggers.log import Log
from szilard.loggers.logger import Logger, libraries
from szilard.loggers.mlflow import MLflow
from szilard.loggers.tensorboard import TensorBoard
from szilard.loggers.trackio import Trackio
from szilard.loggers.wandb import WandB

KNOWN: tuple[Any, ...] = (WandB, MLflow, Trackio, Lightning, Accelerate, TensorBoard)
"""Asked in this order."""
_TAKEN = (
    "a SummaryWriter, a run of W&B, MLflow or trackio (or the module, for the run in progress), a logger of Lightning, "
    "a tracker of Accelerate, or a function such as lambda values, step: …"
)


def logs_of(given: Any) -> list[Log]:
    """The loggers that a user gives, each with its settings and as a :class:`~szilard.loggers.logger.Logger`.

    Raises:
        SpecError: in one sentence, of whatever is no logger, takes nothing, or is given twice.
    """
    if given is None:
        return []
    if not isinstance(given, list | tuple):
        raise SpecError(f"loggers must be a list, not {_called(given)}: give loggers=[…].")
    found: list[Log] = []
    for each in given:
        settings = each if isinstance(each, Log) else Log(each)
        owner = getattr(settings.logger, "__self__", settings.logger)  # accelerator.log is one of its methods
        several = trackers_of(owner) if _is_accelerator(owner) else [settings.logger]
        found += [Log(logger_of(one), settings.quantities, settings.every) for one in several]
    _check_once([log.logger for log in found])
    return found


def logger_of(given: Any) -> Logger:
    """What writes to whatever a user gave.

    Raises:
        SpecError: if it is no logger, or takes nothing.
    """
    if isinstance(given, Logger):
        return given
    if isinstance(given, type):
        raise SpecError(f"the class {given.__name__} is given in place of a logger: give an object of it.")
    given = _owner(given)
    for kind in KNOWN:
        if kind.takes(given):
            inner = getattr(given, "tracker", None) if kind is Accelerate else None
            within = None if inner is None else next((known for known in KNOWN if known.takes(inner)), None)
            return kind(given) if within is None else within(inner)
    if callable(given):
        return Function(given)
    raise SpecError(f"{_called(given)} is no logger: give {_TAKEN}.")


def _owner(given: Any) -> Any:
    """What a method or function of a known library logs to; anything else as it is."""
    if isinstance(given, types.MethodType):
        return given.__self__ if any(kind.takes(given.__self__) for kind in KNOWN) else given
    if isinstance(given, types.FunctionType):
        library = given.__module__.partition(".")[0]
        module = next((m for m in _modules() if m.__name__ == library), None)
        return given if module is None else module
    return given


def _modules() -> list[types.ModuleType]:
    return [sys.modules[name] for name in ("wandb", "mlflow", "trackio") if name in sys.modules]


def _is_accelerator(given: Any) -> bool:
    return "accelerate" in libraries(given) and hasattr(given, "trackers")


def _check_once(loggers: Sequence[Logger]) -> None:
    """That nothing is written twice."""
    seen: list[Any] = []
    for logger in loggers:
        place = getattr(logger, "run_id", logger.target)
        # a bound method is another object each time that it is asked for
        alike = isinstance(place, str | types.MethodType)
        if any(place is other or (alike and type(other) is type(place) and place == other) for other in seen):
            raise SpecError(f"the logger {logger.name} is given twice: give it once.")
        seen.append(place)


def _called(given: Any) -> str:
    return repr(given) if isinstance(given, str | int | float | None) else f"an object of {type(given).__name__}"
