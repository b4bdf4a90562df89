"""What the recorders of a gallery and of a model space share: they keep a few models, the last one in any case."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, final

import torch
from torch import Tensor, nn

from szilard.models.evaluation import undisturbed
from szilard.models.ppm import PPM
from szilard.models.precision import Precision
from szilard.monitor.measure import Occasion
from szilard.monitor.rows import Rows
from szilard.monitor.source.source import Source
from szilard.monitor.thinning import ThinningSchedule
from szilard.records.schema import Group

_GROWTH = 1.2
"""Where records are thinned out, each that is kept lies further from the start by a fifth."""
_PARAMETERS, _VALUES = 4, 16

Waiting = TypeVar("Waiting")


@final
@dataclass(frozen=True, slots=True)
class ModelFingerprint:
    """A record's step, and what tells the model of that moment from a later one; nothing waits for the device.

    Attributes:
        step: of the record.
        values: a few of the model's parameters then.
    """

    step: int
    values: Tensor

    @classmethod
    def of(cls, module: nn.Module, step: int) -> ModelFingerprint:
        """The fingerprint of the model as it stands, at a record after ``step``."""
        return cls(step, _values(module))

    def matches(self, module: nn.Module) -> bool:
        """Whether the model is still the one of that moment; waits for the device."""
        return bool(torch.equal(self.values, _values(module)))


class SourceRecorder(ABC, Generic[Waiting]):
    """A recorder that draws from a model at some of its records: all, or ever fewer and the last.

    Args:
        ppm: the model.
        source: of its samples and φ.
        thinning: whether records grow sparser along the training.
    """

    precision = Precision("float32", torch.finfo(torch.float32).eps)
    """No small difference of φ enters."""

    def __init__(self, ppm: PPM, source: Source, *, thinning: bool) -> None:
        self._ppm = ppm
        self._source = source
        self._thinning = ThinningSchedule(_GROWTH, behind=1) if thinning else None
        self._skipped: ModelFingerprint | None = None
        self._waiting: list[Waiting] = []

    @property
    @abstractmethod
    def groups(self) -> tuple[Group, ...]:
        """What its rows hold: one group, named by the measure."""

    @property
    @abstractmethod
    def attributes(self) -> dict[str, Any]:
        """Entries for the record: what was drawn, and how."""

    @property
    @abstractmethod
    def full(self) -> bool:
        """Whether so much waits that it is to be written."""

    def observe(self, occasion: Occasion) -> None:
        """Keeps the model where this record is one to keep; the last is kept at the end in any case."""
        due = self._thinning is None or self._thinning.due()
        if due or occasion.ragged:
            self._skipped = None
            self._keep(occasion.step)
        else:
            self._skipped = ModelFingerprint.of(self._ppm.module, occasion.step)

    def rows(self) -> list[Rows]:
        """The rows of what was kept since the last call."""
        waiting, self._waiting = self._waiting, []
        return [self._table(waiting)] if waiting else []

    def finish(self) -> list[Rows]:
        """The last model's row, where it has not been kept and the model still stands where it was observed."""
        if self._skipped is None or not self._skipped.matches(self._ppm.module):
            return []
        with undisturbed(self._ppm.module, self._ppm.device):
            self._keep(self._skipped.step)
        self._skipped = None
        return self.rows()

    def rehearse(self, clock: Callable[[], float]) -> float:
        """Takes no time and does nothing: records are few, and grow sparser."""
        return 0.0

    @abstractmethod
    def _keep(self, step: int) -> None:
        """Draws from the model as it stands, and lets what is to be written wait."""

    @abstractmethod
    def _table(self, waiting: list[Waiting]) -> Rows:
        """The rows of what waited."""


def _values(module: nn.Module) -> Tensor:
    # the last ones first: they are the ones that any step moves
    trained = [each for each in module.parameters() if each.requires_grad] or list(module.parameters())
    picked = [each.detach().flatten()[:_VALUES].double() for each in trained[-_PARAMETERS:]]
    return torch.cat(picked) if picked else torch.zeros(0)
