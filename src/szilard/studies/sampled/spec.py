"""What the runs of all families have in common, as data."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import torch
from torch import nn

from szilard.data import Dataset
from szilard.errors import SpecError
from szilard.studies.sampled.subject import Subject
from szilard.studies.spec import Spec
from szilard.training import Factory, Training


@dataclass(frozen=True)
class FamilySpec(Spec):
    """One model whose X is sampled: trained, watched, and held against a baseline on data that it never saw.

    A family is a frozen dataclass of this with a ``kind``, the settings that only it has, and :meth:`begin`; data of
    another sort than images come by :meth:`load_data`.

    Attributes:
        model: a factory of the network or networks.
        data: what the family's :meth:`load_data` knows.
        training: optimiser, batches, steps; the loss is the family's own.
        every: training steps between records.
        samples: samples that the ledger holds at a time; None leaves it to :class:`szilard.Ledger`.
        path_intervals: multiples of ``every`` at which the work is accumulated as well.
        gallery: samples that are kept to be looked at, at a record of the gallery; 0 keeps none.
        gallery_every: training steps between these; None: often at first, then ever more sparsely.
        kept: most models that are kept for the picture of model space, at least 3; 0 leaves it out.
        held_out: most held-out examples on which the model is scored; None takes all.
        seed: of everything random.
        device: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, …
        threads: of the CPU within an operation; None leaves them as they are.
        name: kept in the record.
    """

    family: ClassVar[str] = ""
    """The family's name, in the record's attribute ``family``."""

    model: Factory
    data: str | Dataset = "digits"
    training: Training = Training()  # noqa: RUF009 - frozen
    every: int = 10
    samples: int | None = None
    path_intervals: tuple[int, ...] = (1, 2, 4)
    gallery: int = 64
    gallery_every: int | None = None
    kept: int = 12
    held_out: int | None = None
    seed: int = 0
    device: str = "cpu"
    threads: int | None = None
    name: str = "family"

    def check(self) -> None:
        self.require("seed", 0 <= self.seed < 2**63, "from 0 to below 2**63")
        for name in ("every", "samples", "gallery_every", "held_out", "threads"):
            self.require(name, getattr(self, name) is None or getattr(self, name) >= 1, "at least 1")
        self.require("gallery", self.gallery >= 0, "at least 0")
        self.require("kept", self.kept == 0 or self.kept >= 3, "0 or at least 3")
        rising = list(self.path_intervals) == sorted(set(self.path_intervals))
        self.require("path_intervals", rising and min(self.path_intervals, default=0) >= 1, "rising whole numbers")
        if self.training.loss is not None:
            raise SpecError(f"the run {self.name!r} has a loss of its own: leave training.loss out.")

    @property
    def study(self) -> str:
        """``"sampled"``: all families make the same kind of record."""
        return "sampled"

    @property
    def resumable(self) -> bool:
        """It takes minutes; an interrupted one keeps what was recorded."""
        return False

    def with_steps(self, steps: int, **changes: Any) -> Self:
        """The same with at most so many training steps, for :meth:`quick`, and other changes."""
        training = dataclasses.replace(self.training, steps=min(steps, self.training.steps))
        return dataclasses.replace(self, training=training, **changes)

    @abstractmethod
    def begin(self, model: nn.Module, data: Any, device: torch.device) -> Subject:
        """Wraps the freshly built model, which lies on the device, for training and watching.

        Called with the global random state seeded for the initialisation. Random numbers of a family's own come from
        :func:`szilard.training.streams.generator_of` with streams of its own names.

        Args:
            model: as the factory made it.
            data: as :meth:`load_data` returned it.
            device: where to train.

        Raises:
            SpecError: if model and data do not fit.
        """
