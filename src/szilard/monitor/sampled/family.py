"""What a capability must be able to do to be watched by samples: draw sets, follow them, and assemble its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.ledger import SlotSum
from szilard.models.precision import Precision
from szilard.monitor.sampled.combination import Combination
from szilard.records.schema import Group


@final
@dataclass(frozen=True, slots=True)
class Step:
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


class Segment(Protocol):
    """A set of samples ``x_i ~ p_s`` with all that is known of later models there."""

    def advance(self) -> Step:
        """Shows it the present model; the terms of the jump from the one that it was shown before."""

    def rehearse(self) -> None:
        """The work of :meth:`advance`, kept nowhere."""

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
class Standing:
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
        """As in the record."""

    @property
    def attributes(self) -> Mapping[str, Any]:
        """Further entries for the record."""

    @property
    def precision(self) -> Precision:
        """The arithmetic of the forward pass."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the cumulative sums."""

    def group(self, path_intervals: tuple[int, ...]) -> Group:
        """What its rows hold."""

    def check(self) -> None:
        """Draws and evaluates once, and refuses what cannot be measured.

        Raises:
            ModelError: naming what is wrong.
        """

    def draw(self, slots: int, scouts: int, generator: torch.Generator, *, light: bool = False) -> Segment:
        """Fresh samples of the present model.

        Args:
            slots: samples that measure.
            scouts: samples beside them that only say how good the others still are.
            generator: the recorder's own.
            light: never asked to :meth:`Segment.advance`, so whatever serves only that need not be kept.
        """

    def checkpoint(self, count: int, generator: torch.Generator) -> Mapping[str, SlotSum]:
        """Functions of state from ``count`` fresh samples."""

    def beside(self) -> Mapping[str, Combination]:
        """Further columns of the present model that need none of the samples; called once at every record."""

    def rehearse_beside(self) -> None:
        """The work of :meth:`beside`, kept nowhere."""

    def columns(self, standing: Standing) -> Mapping[str, Combination]:
        """Every column with an error bar, by name."""
