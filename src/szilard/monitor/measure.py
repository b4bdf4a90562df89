"""What can be watched: a measure is a description; started on a PPM it becomes a recorder, which makes rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from szilard.models.ppm import PPM
from szilard.models.precision import Precision
from szilard.monitor.rows import Row
from szilard.records.schema import Group


@dataclass(frozen=True, slots=True)
class Occasion:
    """The moment of a record.

    Attributes:
        step: training steps done since the monitor was made.
        interval: training steps since this recorder's previous record.
        opens_intervals: the measuring intervals count from here (the first record, or the first after calibration).
        ragged: the run ended here, off the regular interval.
    """

    step: int
    interval: int
    opens_intervals: bool = False
    ragged: bool = False


class Recorder(Protocol):
    """A measure at work on one model. Called inside :func:`szilard.models.evaluation.undisturbed`."""

    @property
    def groups(self) -> tuple[Group, ...]:
        """What its rows hold."""

    @property
    def precision(self) -> Precision:
        """The arithmetic of the forward pass it relies on."""

    def rehearse(self) -> None:
        """Does the work of a record without changing or keeping anything, so that it can be timed."""

    def observe(self, occasion: Occasion) -> list[Row]:
        """Measures the model as it stands."""

    def finish(self) -> list[Row]:
        """Rows still owed when the run ends."""


class Measure(Protocol):
    """A description of what to watch and how often."""

    @property
    def every(self) -> int | None:
        """Training steps between records; None leaves the choice to the monitor's ``every`` or ``budget``."""

    def start(self, ppm: PPM, seed: int) -> Recorder:
        """Checks that this PPM can be measured so, and gets ready.

        Raises:
            ModelError: if the PPM lacks the capability that the measure needs.
        """
