"""Sets of samples: their sizes, what they say of the jumps between models, and what their scouts decide.

Scouts are samples that measure nothing: they say whether a set is spent, and whether a jump is far. Deciding by the
very samples that measure would bias (theory §7).

Work at the coarser measuring intervals, each jump on the set of samples that it began on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.ledger.slots import SlotSum
from szilard.monitor.ledger.intervals import IntervalClock
from szilard.monitor.measure import Occasion

_FAR = 0.7
"""Effective share below which a jump counts as far."""


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


def effective_share(log_weight: Float[Tensor, " scouts"]) -> Float[Tensor, ""]:
    """``(Σ w)²/(N Σ w²)`` of N weights given by their logarithms, from 1/N to 1."""
    share = torch.exp(2 * torch.logsumexp(log_weight, -1) - torch.logsumexp(2 * log_weight, -1))
    return share / log_weight.shape[-1]


def balance_of(weight: Float[Tensor, " scouts"], d: Float[Tensor, " scouts"]) -> Float[Tensor, ""]:
    """1 where ``e^{−d} − 1`` takes noise away from d, 0 where the jump is so far that it would add some.

    Decided by the effective share of samples of the earlier model as samples of the later one.
    """
    gain = torch.exp(-d)
    moved = weight * gain
    share = moved.sum().square() / (weight.sum() * (moved * gain).sum())
    return (share > _FAR).to(torch.float64)


def same(phi: Float[Tensor, "*shape"], kept: Float[Tensor, "*shape"]) -> bool:
    """Whether two evaluations are of one model: on a GPU sums may run in another order the second time."""
    return torch.allclose(phi, kept, rtol=1e-5, atol=1e-5)


@final
@dataclass(frozen=True, slots=True)
class _OpenJump:
    """A jump under way: its set of samples, and the bookmark of the model at which it began."""

    sample_set: SampleSet
    mark: Any


@final
class IntervalJumps:
    """The jumps of all measuring intervals, and the work of those that have ended.

    Args:
        intervals: multiples of the measuring interval, the first 1.
        nothing: no work yet, per slot.
    """

    def __init__(self, intervals: tuple[int, ...], nothing: SlotSum) -> None:
        self._clock = IntervalClock(intervals)
        self._work = [nothing] * len(intervals)
        self._open: dict[int, _OpenJump] = {}

    def end(self, occasion: Occasion, current: SampleSet) -> list[int]:
        """Adds up the jumps that end at this record; returns the intervals of which a jump begins anew.

        Args:
            occasion: the record.
            current: the set in use, which has been shown the present model already.
        """
        plans = self._clock.advance(occasion, 0, 0)
        seen = {id(current)}
        for plan in plans:
            jump = self._open[plan.interval]
            if id(jump.sample_set) not in seen:
                jump.sample_set.look()
                seen.add(id(jump.sample_set))
            work = SlotSum.mean(jump.sample_set.since(jump.mark))
            self._work[plan.interval] = self._work[plan.interval] + work
        return list(range(len(self._work))) if occasion.opens_intervals else [plan.interval for plan in plans]

    def begin(self, intervals: Iterable[int], current: SampleSet) -> None:
        """Begins a jump of each of these intervals at the model that ``current`` was last shown."""
        for interval in intervals:
            self._open[interval] = _OpenJump(current, current.mark())

    @property
    def work(self) -> SlotSum:
        """Work so far in nats, one value a measuring interval, with what each slot gives to it."""
        return SlotSum(
            torch.stack([part.value for part in self._work]), torch.stack([part.influence for part in self._work])
        )

    @property
    def host(self) -> dict[str, list[int]]:
        """Columns that are known without the device: training steps covered and jumps made, by interval."""
        return {"steps_by_interval": list(self._clock.steps), "jumps_by_interval": list(self._clock.jumps)}
