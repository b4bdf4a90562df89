"""What a capability must be able to do to be watched by samples: draw sets, follow them, and assemble its columns.

Sums of means over several independent sets of samples: the slots, and extra samples at the first and last record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, final

import torch
from torch import Tensor

from szilard.ledger.slots import SlotSum
from szilard.models.precision import Precision
from szilard.monitor.sampled.sample_set import SampleSet
from szilard.records.schema import Group


@final
@dataclass(frozen=True, slots=True)
class PendingRow:
    """A record before its columns are assembled.

    Attributes:
        step: training step.
        host: columns that the host knows.
        sums: cumulative per-slot sums.
        state: functions of state, on whatever sets of samples they rest.
        start: the same at the first record.
        more: further columns with errors, as they are.
        plain: further columns without errors.
        blind: whether a jump so far went beyond the reach of its samples.
    """

    step: int
    host: Mapping[str, Any]
    sums: Mapping[str, SlotSum]
    state: Mapping[str, Combination]
    start: Mapping[str, Combination]
    more: Mapping[str, Combination]
    plain: Mapping[str, Tensor] = field(default_factory=dict)
    blind: bool = False


class Family(Protocol):
    """One capability at work on one model; everything is called inside ``undisturbed``."""

    @property
    def capability(self) -> str:
        """Name of the capability, as the record has it: ``"sequential"``, for instance."""

    @property
    def attributes(self) -> Mapping[str, Any]:
        """Further entries for the record, as JSON can hold them."""

    @property
    def precision(self) -> Precision:
        """The arithmetic of the forward pass; known once :meth:`check` was called."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the sums that are kept along the run, as in the record."""

    def group(self, path_intervals: tuple[int, ...]) -> Group:
        """The group ``ledger`` with the variables of this capability."""

    def check(self) -> None:
        """Draws and evaluates once, and refuses what cannot be measured.

        Raises:
            ModelError: naming what is wrong.
        """

    def draw(self, slots: int, scouts: int, generator: torch.Generator, *, light: bool = False) -> SampleSet:
        """Fresh samples of the present model.

        Args:
            slots: samples that measure.
            scouts: samples beside them that only say how good the others still are.
            generator: the recorder's own.
            light: never asked to :meth:`SampleSet.advance`, so whatever serves only that need not be kept.
        """

    def checkpoint(self, count: int, generator: torch.Generator) -> Mapping[str, SlotSum]:
        """Functions of state from ``count`` fresh samples."""

    def further_columns(self) -> Mapping[str, Combination]:
        """Further columns of the present model that need none of the samples; called once at every record."""

    def rehearse_further_columns(self) -> None:
        """The work of :meth:`further_columns`, kept nowhere."""

    def columns(self, pending: PendingRow) -> Mapping[str, Combination]:
        """Every column of a record that has an error bar, by name."""


SLOTS, START, END = "slots", "start", "end"
"""The sets: samples that are reused, and many fresh ones of the first and of the last model."""


@final
@dataclass(frozen=True, slots=True)
class Combination:
    """A linear combination of means, each over one set of samples; the sets are independent of one another.

    Within a set samples are matched one by one, so a difference of two quantities keeps what they share.
    """

    parts: Mapping[str, SlotSum]

    @classmethod
    def of(cls, population: str, part: SlotSum) -> Combination:
        """One mean over the set ``population``, as a combination."""
        return cls({population: part})

    def __add__(self, other: Combination) -> Combination:
        parts = dict(self.parts)
        for population, part in other.parts.items():
            parts[population] = parts[population] + part if population in parts else part
        return Combination(parts)

    def __sub__(self, other: Combination) -> Combination:
        return self + other * -1.0

    def __mul__(self, factor: float) -> Combination:
        return Combination({population: part * factor for population, part in self.parts.items()})

    @property
    def value(self) -> Tensor:
        """The sum of the means, in the unit of the parts."""
        return torch.stack([part.value for part in self.parts.values()]).sum(0)

    @property
    def error(self) -> Tensor:
        """Standard error: those of the sets in quadrature."""
        return torch.stack([part.error for part in self.parts.values()]).square().sum(0).sqrt()
