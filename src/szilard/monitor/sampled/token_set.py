"""A set of sequences: sums over the vocabulary along their prefixes, against the logits of the previous record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from szilard.ledger.slots import (
    SlotSum,
    length_of_defects,
    prefix_mean,
    prefix_sum,
    prefix_weights,
    slot_excess,
    slot_fluctuation,
    slot_heat,
    slot_mean,
    token_work,
)
from szilard.models.ppm import Sequential, horizon_of
from szilard.monitor.sampled.sample_set import JumpTerms, balance_of, effective_share, same
from szilard.monitor.sampled.token_sums import TokenSums, TrackedSequences, token_phi

Positions = Float[Tensor, "count length"]


@final
class TokenSampleSet:
    """Sequences of the model at their drawing, slots first and scouts after.

    Of the slots the logits of the model last shown are kept; of scouts and of a light set the tokens' φ.

    Args:
        ppm: the model.
        x: the sequences.
        slots: how many of them measure.
        light: whether the set will never advance.
    """

    def __init__(self, ppm: Sequential, x: Int[Tensor, "count length"], slots: int, *, light: bool) -> None:
        self._ppm = ppm
        self._x = x
        self._alive = ppm.alive(x)
        self._slots = slots
        self._horizon = horizon_of(ppm)
        self._sequences: TrackedSequences | None = None
        self._sums: TokenSums | None = None
        if light:
            self._source = self._now = self._token_phi(slice(0, None))
            return
        self._sequences = TrackedSequences(ppm, x[:slots], self._alive[:slots])
        self._sums = self._sequences.sums(keep=True)
        self._source = self._now = torch.cat([self._sums.phi, self._token_phi(slice(slots, None))])

    def advance(self) -> JumpTerms:
        """Work, reversed work and length by next-token sums; heat and fluctuation of whole sequences."""
        before = self._now
        self._sums, self._now, step = self._step(before, keep=True)
        return step

    def rehearse(self) -> None:
        """Does the work of a jump; the logits that are kept stay as they are."""
        self._step(self._now, keep=False)

    def look(self) -> None:
        """Evaluates φ of the tokens under the present model, no whole distributions."""
        self._now = self._token_phi(slice(0, None))

    def mark(self) -> Positions:
        """φ of every token under the model last shown, in nats, as a bookmark."""
        return self._now

    def since(self, mark: Positions, *, near: bool | None = None) -> Float[Tensor, " slots"]:
        """By the sampled tokens alone, since whole distributions are kept of the previous record only."""
        weights, d = prefix_weights(self._source, mark, inclusive=True), self._now - mark
        scouts = self._alive[self._slots :]
        of_scouts = weights[self._slots :][scouts], d[self._slots :][scouts]
        balance = balance_of(*of_scouts) if near is None else float(near)
        return token_work(weights[: self._slots], d[: self._slots], balance)

    def state(self) -> Mapping[str, SlotSum]:
        """Energy from whole sequences, entropy and tokens along prefixes."""
        source, now = self._source[: self._slots], self._now[: self._slots]
        if self._sums is None:
            return {}
        prefixes = prefix_weights(source, now)
        phi = now.sum(-1)
        weight = torch.exp(source.sum(-1) - phi)
        alive = self._alive[: self._slots].to(torch.float64)
        return {
            "energy": SlotSum.mean(slot_mean(weight, phi)),
            "entropy_conditional": SlotSum.mean(prefix_mean(prefixes, self._sums.entropy)),
            "tokens": SlotSum.mean(prefix_mean(prefixes, alive)),
        }

    def retire(self) -> None:
        """Lets the logits go, which are what takes memory."""
        self._sequences = self._sums = None

    def unchanged(self) -> bool:
        """Whether φ of the first sequences' tokens is what it was, up to rounding."""
        few = slice(0, min(self._ppm.chunk, len(self._x)))
        return same(self._token_phi(few), self._now[few])

    def _step(self, before: Positions, *, keep: bool) -> tuple[TokenSums, Positions, JumpTerms]:
        assert self._sequences is not None, "a set that was drawn light, or has retired, does not advance"
        sums = self._sequences.sums(keep=keep)
        now = torch.cat([sums.phi, self._token_phi(slice(self._slots, None))])
        source, slots = self._source, slice(0, self._slots)
        phi = now.sum(-1)
        effective = effective_share((source.sum(-1) - phi)[self._slots :])
        earlier = prefix_weights(source[slots], before[slots])
        later = prefix_weights(source[slots], now[slots])
        weight = torch.exp((source - before)[slots].sum(-1))
        d = (now - before)[slots].sum(-1)
        step = JumpTerms(
            sums={
                "work": SlotSum.mean(prefix_sum(earlier, sums.work)),
                "work_reverse": SlotSum.mean(prefix_sum(later, sums.work_reverse)),
                "heat_stepwise": slot_heat(weight, d, phi[slots]),
                "length": length_of_defects(prefix_sum(earlier, sums.defect) / self._horizon),
            },
            fluctuation=SlotSum.mean(slot_fluctuation(weight, d)),
            excess=SlotSum.mean(slot_excess(weight, d)),
            effective=effective,
            square=sums.square.sum(-1).mean() / self._horizon,
        )
        return sums, now, step

    def _token_phi(self, rows: slice) -> Positions:
        x, alive = self._x[rows], self._alive[rows]
        chunk = self._ppm.chunk
        return torch.cat(
            [
                token_phi(self._ppm.token_logits(part), part, there)
                for part, there in zip(x.split(chunk), alive.split(chunk), strict=True)
            ]
        )
