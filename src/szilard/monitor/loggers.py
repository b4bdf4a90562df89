"""The rows of a run on their way to its loggers, which are other people's code: the run's random numbers are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, final

import torch

from szilard.loggers.log import Log
from szilard.loggers.logging import GroupRow, Logging
from szilard.loggers.quantities import Shape
from szilard.models.state.random_state import RandomState
from szilard.monitor.schedule import ScheduledRecorder
from szilard.monitor.voice import Voice


@final
class RunLoggers:
    """All loggers of a run; none is as good.

    Args:
        logs: the loggers with their settings.
        recorders: whose rows they get.
        device: of the model.
        voice: says so once where a logger fails.

    Raises:
        SpecError: if a quantity is asked for that none of them records.
    """

    def __init__(
        self, logs: Sequence[Log], recorders: Sequence[ScheduledRecorder], device: torch.device, voice: Voice
    ) -> None:
        names: dict[str, Sequence[str]] = {}
        for each in recorders:
            names |= getattr(each.recorder, "attributes", {}).get("coordinate_names", {})
        shapes = [Shape.of_group(group, names) for each in recorders for group in each.recorder.groups]
        self._logging = Logging(logs, shapes, voice.warn)
        self._device = device
        self._held: list[GroupRow] | None = None

    def __bool__(self) -> bool:
        return bool(self._logging)

    def write(self, rows: Sequence[tuple[str, int, Mapping[str, Any]]]) -> None:
        """Rows that are in the record."""
        if self._held is not None:
            self._held += rows
        elif self._logging and rows:
            with self._undisturbed():
                self._logging.write(rows)

    def finish(self) -> None:
        """The run ends. A second call does nothing."""
        if self._logging and self._held is None:
            with self._undisturbed():
                self._logging.finish()

    @contextmanager
    def withheld(self) -> Iterator[None]:
        """For the time of a block no logger is called: it may be one that a signal has interrupted, holding a lock."""
        before, self._held = self._held, self._held or []
        try:
            yield
        finally:
            held, self._held = self._held, before
            if before is None and held:
                self._logging.keep(held)

    @contextmanager
    def _undisturbed(self) -> Iterator[None]:
        before = RandomState.now(self._device)
        try:
            yield
        finally:
            before.put_back(self._device)
