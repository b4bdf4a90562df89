"""What can be watched: a measure is a description; started on a PPM it becomes a recorder, which makes rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from szilard.models.ppm import PPM
from szilard.models.precision import Precision
from szilard.monitor.rows import Rows
from szilard.records.schema import Group

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Occasion:
    """The moment of a record.

    Attributes:
        step: training steps done since the monitor was made.
        interval: training steps since this recorder's previous record.
        opens_intervals: the measuring intervals count from here (the first record, or the first after calibration).
        ragged: the run ended here, off the regular interval.
        every: the recorder's measuring interval, in training steps.
        doubling: whether that may yet double, as soon as after this record.
    """

    step: int
    interval: int
    opens_intervals: bool = False
    ragged: bool = False
    every: int = 1
    doubling: bool = False


class Recorder(Protocol):
    """A measure at work on one model.

    Observing evaluates the model and keeps what is needed; the sums are made later, for a batch of records at once,
    because a batch costs little more than one.
    """

    @property
    def groups(self) -> tuple[Group, ...]:
        """Groups of the record that its rows go to, with their variables."""

    @property
    def precision(self) -> Precision:
        """The arithmetic of the forward pass it relies on."""

    @property
    def full(self) -> bool:
        """Whether a whole batch of observations waits to be accounted for."""

    def observe(self, occasion: Occasion) -> None:
        """Takes in the model as it stands; called inside :func:`szilard.models.evaluation.undisturbed`."""

    def rows(self) -> list[Rows]:
        """Accounts for all that was observed since the last call."""

    def finish(self) -> list[Rows]:
        """Rows that were held back until the run ends."""

    def rehearse(self, clock: Callable[[], float]) -> float:
        """Does the work of a record without keeping any of it, and returns the seconds that it takes by this clock."""


@runtime_checkable
class Follower(Recorder, Protocol):
    """A recorder that looks not at one model but at the steps that follow a record.

    Its ``observe`` begins; then the monitor tells it of every training step until it has seen enough. Elsewhere it
    costs the loop nothing. It is rehearsed outside of :func:`szilard.models.evaluation.undisturbed`.
    """

    @property
    def following(self) -> bool:
        """Whether it wants to hear of the next training step."""

    def follow(self, step: int) -> None:
        """A training step is done; called outside of ``undisturbed``."""

    def leave(self) -> None:
        """Takes whatever it has attached to the loop off again: recording has ended."""


@runtime_checkable
class Sharing(Recorder, Protocol):
    """A recorder that can observe on a rank that does not write, for the sake of the others' forward passes."""

    def forget(self) -> None:
        """Lets go of what was observed since it was last accounted for."""


@runtime_checkable
class Doubling(Recorder, Protocol):
    """A recorder whose measuring interval may begin at 1 and double (:mod:`szilard.monitor.doubling`).

    Attributes:
        doubling: True.
    """

    doubling: bool


class Measure(Protocol):
    """A description of what to watch and how often.

    A measure may have an attribute ``budget``, the share of the loop's time that its records may take: without
    ``every`` it then gets an interval of its own, and not the monitor's.
    """

    @property
    def every(self) -> int | None:
        """Training steps between records; None leaves the choice to the monitor's ``every`` or ``budget``."""

    def start(self, ppm: PPM, seed: int, optimizer: torch.optim.Optimizer | None) -> Recorder:
        """Checks that this PPM can be measured so, and gets ready.

        Args:
            ppm: what is measured.
            seed: of the measure's own random numbers.
            optimizer: of the loop, where the monitor was given one.

        Raises:
            ModelError: if the PPM lacks the capability that the measure needs.
            SpecError: if the optimiser is missing and needed, or not understood.
        """
