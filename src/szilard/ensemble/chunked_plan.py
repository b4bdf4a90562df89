"""What is cut into chunks of members: a plan, whatever is trained and however it is measured."""

from __future__ import annotations

import abc
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, Self

from szilard.data import Dataset
from szilard.data import names as catalogue_names
from szilard.ensemble.chunk import ChunkRecord, State
from szilard.ensemble.trial import Trial
from szilard.errors import ModelError, RecordError
from szilard.training import Factory


class TrainableChunk(Protocol):
    """Members that are trained together, and all that this takes."""

    @property
    def number(self) -> int:
        """Number of the chunk, from 0."""

    def train(
        self, start: State | None, save: Callable[[State], None], report: Callable[[int], None]
    ) -> Iterator[ChunkRecord]:
        """Trains all members from their start or a checkpoint, and yields at each record."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ChunkedPlan(abc.ABC):
    """Everything about many trainings that is settled before the first step, and its cutting into chunks.

    Attributes:
        model: of each member.
        data: training and test split.
        steps: at which members are recorded, rising.
        seed: of everything random.
        device, threads: see :class:`szilard.Experiment`.
        workers: chunks trained at the same time in one process.
        spec: the experiment as a table, for the record and for checking checkpoints.
    """

    model: Factory
    data: Dataset
    steps: tuple[int, ...]
    seed: int
    device: str
    threads: int
    workers: int
    spec: Mapping[str, Any]

    @property
    @abc.abstractmethod
    def trial(self) -> Trial:
        """What one model shows; see :func:`~szilard.ensemble.trial.try_model`."""

    @property
    @abc.abstractmethod
    def weights(self) -> list[int]:
        """What a step of each chunk counts for in the progress: its members, for instance."""

    @property
    @abc.abstractmethod
    def cut(self) -> int | list[int]:
        """Members in a chunk, as the record keeps it."""

    @abc.abstractmethod
    def cut_as(self, cut: Any) -> Self:
        """The same plan, cut as a record says that it was, unless the spec itself says how.

        A machine with other cores would cut the members into other chunks.
        """

    @abc.abstractmethod
    def make_chunk(self, number: int) -> TrainableChunk:
        """A chunk with its data."""

    @abc.abstractmethod
    def check(self) -> None:
        """Refuses what cannot be carried out, before anything is written.

        Raises:
            SpecError: if the data are too few, or do not fit.
            ModelError: if the model does not fit.
        """

    @property
    def chunks(self) -> int:
        """Number of chunks that the members are cut into."""
        return len(self.weights)

    @cached_property
    def fingerprint(self) -> dict[str, str]:
        """Checksums of what two specs may call alike though it differs: the model, and data that are not published."""
        published = self.spec.get("data") in catalogue_names()
        return {
            "the model": self.trial.imprint,
            "contents of the data": self.data.name if published else self.data.fingerprint,
        }

    def attributes(self) -> dict[str, Any]:
        """What the record says of it, as JSON."""
        return {
            "fingerprint": self.fingerprint,
            "model": {
                "class": self.model.as_table()["factory"],
                "parameters": self.trial.parameters,
                "dtype": self.trial.precision.name,
                "device": self.device,
            },
            "forward_precision": self.trial.precision.name,
            "forward_flagged": self.trial.precision.flagged,
            "trainer": {"chunk": self.cut},
            "diverged": [],
        }

    def check_outcomes(self) -> None:
        """Refuses a model that knows fewer outcomes than the data have classes.

        Raises:
            ModelError: naming both.
        """
        if self.trial.logits < len(self.data.classes):
            raise ModelError(
                f"the model has {self.trial.logits} outcomes and {self.data.name!r} {len(self.data.classes)} classes:"
                " let its last layer have as many."
            )


def check_same(out: Path, attributes: Mapping[str, Any], plan: ChunkedPlan) -> None:
    """Refuses a record of another spec, of other data, or of a model that starts otherwise.

    Args:
        out: the record's directory, for messages.
        attributes: of the record.
        plan: what is to be run.

    Raises:
        RecordError: naming what differs.
    """
    mine = json.loads(json.dumps({"spec": dict(plan.spec), "fingerprint": dict(plan.fingerprint)}))
    differing = sorted(
        {
            *_differences(mine["spec"], attributes.get("spec")),
            *_differences(mine["fingerprint"], attributes.get("fingerprint")),
        }
    )
    if differing:
        raise RecordError(
            f"{out} holds the record of another experiment, which differs in {', '.join(differing)}: go on with the"
            " spec it was made with, choose another directory, or replace it (overwrite=True, on the command line"
            " --overwrite)."
        )


def _differences(mine: object, theirs: object, where: str = "") -> Iterator[str]:
    if isinstance(mine, dict) and isinstance(theirs, dict):
        for key in mine.keys() | theirs.keys():
            yield from _differences(mine.get(key), theirs.get(key), f"{where}.{key}" if where else key)
    elif mine != theirs:
        yield where or "its kind"
