"""What a capability must be able to do to be watched by samples: draw sets, follow them, and assemble its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.ledger.slot_sum import SlotSum
from szilard.models.precision import Precision
from szilard.monitor.sampled.combination import Combination
from szilard.records.schema import Group


@final
@dataclass(frozen=True, slots=True)
class JumpTerms:
    """What a set of samples says of the jump between the two models that it was last shown.

    Attributes:
        sums: per-slot terms, by the record's name, to be added up along the run.
        fluctuation: ``w e^{−d}``, whose mean is 1.
        excess: ``w (e^{−d} − 1)``, whose mean is 0: within a set it adds up to ``p_t/p_s − 1`` and hardly scatters.
        effective: effective scouts over scouts at the later model.
        square: twice the precision floor of the jump over ε², for example the mean of φ² at the later model.
    """

    sums: Mapping[str, SlotSum]
    fluctuation: SlotSum
    excess: SlotSum
    effective: Tensor
    square: Tensor


class SampleSet(Protocol):
    """A set of samples ``x_i ~ p_s`` with all that is known of later models there."""

    def advance(self) -> JumpTerms:
        """Shows it the present model; the terms of the jump from the one that it was shown before."""

    def rehearse(self) -> None:
        """Does the work of :meth:`advance`, and keeps none of it."""

    def look(self) -> None:
        """Shows it the present model where no step is asked for."""

    def mark(self) -> Any:
        """A bookmark of the model that it was last shown."""

    def since(self, mark: Any, *, near: bool | None = None) -> Float[Tensor, " slots"]:
        """Per-slot work of the one jump from the bookmark to the model last shown.

        Args:
            mark: the bookmark.
            near: whether the jump is short enough for ``e^{−d} − 1`` to help; None leaves that to the set's scouts.
        """

    def state(self) -> Mapping[str, SlotSum]:
        """Functions of the model last shown, by the record's name."""

    def retire(self) -> None:
        """Another set has taken over: it will be looked at, and advance no more."""

    def unchanged(self) -> bool:
        """Whether the present model is still the one that it was last shown."""


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


@final
@dataclass(frozen=True, slots=True)
class SampleSizes:
    """How many samples serve what.

    Attributes:
        slots: that measure, in every set.
        checkpoint: fresh ones for the entropy of the first and of the last model.
        scouts: beside the slots, to say when a set is spent.
        direct: of the first model, kept for ever.
        spent: effective share of the scouts below which a set is renewed.
    """

    slots: int
    checkpoint: int
    scouts: int
    direct: int
    spent: float

    @classmethod
    def of(cls, slots: int, checkpoint: int) -> SampleSizes:
        """For continuous X.

        Where a model widens, the weights' tails lie where hardly any sample is. Renewing at one half then costs four
        times as many samples for the same error as fresh ones at every record, at nine tenths 1.3 times (measured on
        probabilistic PCA, see docs/sampled-ledger.md).
        """
        return cls(slots, checkpoint, scouts=max(64, slots // 4), direct=max(16, slots // 4), spent=0.9)

    @classmethod
    def of_sequences(cls, slots: int, checkpoint: int) -> SampleSizes:
        """For sequences, whose sums have weights of prefixes only, and which are dear to draw."""
        return cls(slots, checkpoint, scouts=max(16, slots // 8), direct=max(8, slots // 4), spent=0.7)


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
