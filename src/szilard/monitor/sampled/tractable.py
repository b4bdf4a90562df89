"""A tractable likelihood, watched by fresh samples and their φ.

A set of samples known by its φ: all that a tractable likelihood needs.
"""

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
from szilard.models.ppm import Tractable
from szilard.models.precision import Precision, forward_precision
from szilard.monitor.sampled.checks import check_phi, check_repeatable, check_samples
from szilard.monitor.sampled.family import SLOTS, Combination, PendingRow
from szilard.monitor.sampled.sample_set import JumpTerms, balance_of, effective_share, same
from szilard.monitor.sampled.schema import ledger_group
from szilard.records.schema import Group


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


_AT_ONCE = 1024
"""Samples that are evaluated together."""


@final
class TractableFamily:
    """Draws sets of samples and evaluates φ on them.

    Args:
        ppm: the model.
    """

    capability = "tractable"
    names = ("work", "work_reverse", "heat_stepwise", "length")

    def __init__(self, ppm: Tractable) -> None:
        self._ppm = ppm
        parameter = next((p for p in ppm.module.parameters() if p.is_floating_point()), None)
        dtype = torch.float64 if parameter is None else parameter.dtype
        self.precision: Precision = forward_precision(ppm.module, torch.empty(0, dtype=dtype, device=ppm.device))

    @property
    def attributes(self) -> dict[str, object]:
        """No entries beyond what the record says of every family."""
        return {}

    def group(self, path_intervals: tuple[int, ...]) -> Group:
        """What its rows hold: the ledger of a tractable likelihood."""
        return ledger_group("tractable", path_intervals=path_intervals)

    def check(self) -> None:
        """Draws a handful of samples, evaluates φ twice, and refuses what cannot be measured."""
        generator = torch.Generator(device=self._ppm.device).manual_seed(0)
        x = check_samples(self._ppm, self._ppm.sample(4, generator), 4)
        check_phi(self._ppm, self._ppm.phi(x), 4, "phi")
        check_repeatable(self._ppm, lambda: self._ppm.phi(x))

    def draw(self, slots: int, scouts: int, generator: torch.Generator, *, light: bool = False) -> PhiSampleSet:
        """A set of fresh samples of the present model, slots first and scouts after."""
        x = self._ppm.sample(slots + scouts, generator)
        return PhiSampleSet(lambda: self._phi(x), slots)

    def checkpoint(self, count: int, generator: torch.Generator) -> Mapping[str, SlotSum]:
        """Energy and entropy: both the mean of φ, which is normalised."""
        parts = [min(_AT_ONCE, count - begin) for begin in range(0, count, _AT_ONCE)]
        phi = SlotSum.mean(torch.cat([self._phi(self._ppm.sample(part, generator)) for part in parts]))
        return {"energy": phi, "entropy_conditional": phi}

    def further_columns(self) -> Mapping[str, Combination]:
        """No further columns, for all rest on samples."""
        return {}

    def rehearse_further_columns(self) -> None:
        """Nothing to be done, for there are no further columns."""

    def columns(self, pending: PendingRow) -> Mapping[str, Combination]:
        """Every column of the ledger, by name; see :func:`state_columns`."""
        return state_columns(pending)

    def _phi(self, x: Tensor) -> Float[Tensor, " count"]:
        # a copy: the model may reuse its output's memory
        return torch.cat([self._ppm.phi(part).to(torch.float64) for part in x.split(_AT_ONCE)])


def state_columns(pending: PendingRow) -> dict[str, Combination]:
    """Sums and states, and what follows from them: ``ΔS = S_n − S_0``, ``Q = ΔS − W``, ``Σ = −Q + ΔS = W``."""
    sums = {name: Combination.of(SLOTS, part) for name, part in pending.sums.items()}
    change = pending.state["entropy_conditional"] - pending.start["entropy_conditional"]
    return {
        **pending.state,
        **sums,
        "entropy_change": change,
        "heat": change - sums["work"],
        "ep_conditional": sums["work"],
        **pending.more,
    }
