"""A set of samples with latent variables: draws that hold the sample's own, and independent draws beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.ledger.slots import (
    SlotSum,
    guess_scale,
    phi_by_draws,
    slot_excess,
    slot_fluctuation,
    slot_mean,
    slot_work,
    slot_work_lower,
)
from szilard.models.ppm import Bounded
from szilard.monitor.sampled.sample_set import JumpTerms, balance_of, effective_share, same

_AT_ONCE = 2**14
"""Pairs (x, z) that are evaluated together."""


@final
@dataclass(frozen=True, slots=True)
class PhiByDraws:
    """One model at a set: φ by number of draws.

    Attributes:
        own: with the sample's own latent variables first among the draws; its mean bounds the entropy from below.
        other: from independent draws; its mean bounds the entropy from above.
    """

    own: Float[Tensor, "numbers count"]
    other: Float[Tensor, "numbers count"]


@final
class LatentSampleSet:
    """Samples of the model at their drawing with draws that are kept as they are, slots first and scouts after.

    Args:
        ppm: the model.
        slots: how many samples measure.
        count: how many there are.
        numbers: numbers of draws to look at; the first is 1, the last all.
        generator: the recorder's own.
    """

    def __init__(
        self, ppm: Bounded, slots: int, count: int, numbers: tuple[int, ...], generator: torch.Generator
    ) -> None:
        self._ppm = ppm
        self._slots = slots
        self._numbers = numbers
        self._x, own = ppm.sample_joint(count, generator)
        draws = numbers[-1]
        size = max(1, _AT_ONCE // (2 * draws))
        parts = [ppm.propose(x, 2 * draws - 1, generator) for x in self._x.split(size)]
        self._z = torch.cat([own.unsqueeze(1), torch.cat(parts)], dim=1)
        self._size = size
        self._log_q = torch.cat(
            [ppm.log_proposal(x, z) for x, z in zip(self._x.split(size), self._z.split(size), strict=True)]
        )
        self._source = self._now = self.evaluate()

    def evaluate(self) -> PhiByDraws:
        """φ of the present model at all samples, by number of draws, in nats."""
        parts = zip(self._x.split(self._size), self._z.split(self._size), strict=True)
        log_ratio = torch.cat([self._ppm.log_joint(x, z) for x, z in parts]) - self._log_q
        draws = self._numbers[-1]
        return PhiByDraws(
            phi_by_draws(log_ratio[:, :draws], self._numbers),
            phi_by_draws(log_ratio[:, draws:], self._numbers),
        )

    def advance(self) -> JumpTerms:
        """Work from above and from below, and on x and z together."""
        before, self._now = self._now, self.evaluate()
        return self._step(before, self._now)

    def rehearse(self) -> None:
        """Does the work of a jump, and keeps none of it."""
        self._step(self._now, self.evaluate())

    def look(self) -> None:
        """Evaluates φ of the present model, which is as much work as to advance."""
        self._now = self.evaluate()

    def mark(self) -> PhiByDraws:
        """φ of the model last shown, by number of draws, as a bookmark."""
        return self._now

    def since(self, mark: PhiByDraws, *, near: bool | None = None) -> Float[Tensor, " slots"]:
        """Work of one jump from the bookmark to the model last shown, from above, per slot in nats."""
        weight, d = torch.exp(self._source.own[-1] - mark.own[-1]), self._now.own[-1] - mark.own[-1]
        balance = balance_of(weight[self._slots :], d[self._slots :]) if near is None else float(near)
        return slot_work(weight[: self._slots], d[: self._slots], balance)

    def state(self) -> Mapping[str, SlotSum]:
        """Both bounds of the entropy, and the gap between them by number of draws."""
        slots = slice(0, self._slots)
        weight = torch.exp(self._source.own[:, slots] - self._now.own[:, slots])
        lower = slot_mean(weight, self._now.own[:, slots])
        upper = slot_mean(weight, self._now.other[:, slots])
        return {
            "entropy_conditional": SlotSum.mean(upper[-1]),
            "entropy_conditional_lower": SlotSum.mean(lower[-1]),
            "entropy_gap": SlotSum.mean(upper - lower),
        }

    def retire(self) -> None:
        """Keeps everything, for there is nothing to let go of."""

    def unchanged(self) -> bool:
        """At the same samples and draws, up to rounding."""
        return same(self.evaluate().own, self._now.own)

    def _step(self, before: PhiByDraws, after: PhiByDraws) -> JumpTerms:
        slots, scouts = slice(0, self._slots), slice(self._slots, None)
        weight, d = torch.exp(self._source.own - before.own), after.own - before.own
        guess = after.other[-1] - before.other[-1]
        whole, one = weight[-1], weight[0]
        balance = balance_of(whole[scouts], d[-1][scouts])
        scale = guess_scale(whole[scouts], d[-1][scouts], guess[scouts])
        # x and z together move the most, and must be within reach too
        effective = torch.minimum(*(effective_share((self._source.own - after.own)[row, scouts]) for row in (0, -1)))
        lower = slot_work_lower(whole, d[-1], scale * guess, balance)
        # 0 bounds W too: samples that do not measure say which of the two bounds is to be taken for this jump
        lower = torch.where(lower[scouts].mean() > 0, lower[slots], torch.zeros_like(lower[slots]))
        joint = slot_work(one[slots], d[0][slots], balance_of(one[scouts], d[0][scouts]))
        return JumpTerms(
            sums={
                "work": SlotSum.mean(slot_work(whole[slots], d[-1][slots], balance)),
                "work_lower": SlotSum.mean(lower),
                "work_joint": SlotSum.mean(joint),
            },
            fluctuation=SlotSum.mean(slot_fluctuation(whole[slots], d[-1][slots])),
            excess=SlotSum.mean(slot_excess(whole[slots], d[-1][slots])),
            effective=effective,
            square=after.own[-1, slots].square().mean(),
        )
