"""A set of samples known by its φ: all that a tractable likelihood needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.ledger.slots import (
    SlotSum,
    slot_excess,
    slot_fluctuation,
    slot_heat,
    slot_length,
    slot_mean,
    slot_work,
    slot_work_reverse,
)
from szilard.monitor.sampled.sample_set import JumpTerms, balance_of, effective_share, same


@final
class PhiSampleSet:
    """Samples of the model at their drawing, slots first and scouts after.

    Args:
        evaluate: φ of the present model at the samples, slots and scouts together.
        slots: how many of them measure; the others only decide when the set is spent.
    """

    def __init__(self, evaluate: Callable[[], Float[Tensor, " count"]], slots: int) -> None:
        self._evaluate = evaluate
        self._slots = slots
        self._source = self._now = evaluate()

    def advance(self) -> JumpTerms:
        """Work, heat, reversed work, length and fluctuation of the jump."""
        before, self._now = self._now, self._evaluate()
        return self._step(before, self._now)

    def rehearse(self) -> None:
        """Does the work of a jump, and keeps none of it."""
        self._step(self._now, self._evaluate())

    def look(self) -> None:
        """Evaluates φ of the present model at the samples."""
        self._now = self._evaluate()

    def mark(self) -> Tensor:
        """φ of the model last shown, in nats, as a bookmark."""
        return self._now

    def since(self, mark: Tensor, *, near: bool | None = None) -> Float[Tensor, " slots"]:
        """``w (d + e^{−d} − 1)`` of one jump from the bookmark, w at the bookmark, per slot in nats."""
        weight, d = torch.exp(self._source - mark), self._now - mark
        balance = balance_of(weight[self._slots :], d[self._slots :]) if near is None else float(near)
        return slot_work(weight[: self._slots], d[: self._slots], balance)

    def state(self) -> Mapping[str, SlotSum]:
        """Energy and entropy: both the mean of φ, which is normalised."""
        phi = self._now[: self._slots]
        mean = SlotSum.mean(slot_mean(torch.exp(self._source[: self._slots] - phi), phi))
        return {"energy": mean, "entropy_conditional": mean}

    def retire(self) -> None:
        """Keeps everything, for there is nothing to let go of."""

    def unchanged(self) -> bool:
        """Whether φ at the same samples is what it was, up to rounding."""
        return same(self._evaluate(), self._now)

    def _step(self, before: Float[Tensor, " count"], after: Float[Tensor, " count"]) -> JumpTerms:
        weight, d = torch.exp(self._source - before), after - before
        balance = balance_of(weight[self._slots :], d[self._slots :])
        effective = effective_share(self._source[self._slots :] - after[self._slots :])
        weight, d, after = weight[: self._slots], d[: self._slots], after[: self._slots]
        return JumpTerms(
            sums={
                "work": SlotSum.mean(slot_work(weight, d, balance)),
                "work_reverse": SlotSum.mean(slot_work_reverse(weight, d)),
                "heat_stepwise": slot_heat(weight, d, after),
                "length": slot_length(weight, d),
            },
            fluctuation=SlotSum.mean(slot_fluctuation(weight, d)),
            excess=SlotSum.mean(slot_excess(weight, d)),
            effective=effective,
            square=after.square().mean(),
        )
