"""A set of sequences: exact sums over the vocabulary along their prefixes, against the previous record's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from szilard.ledger.impossible import IMPOSSIBLE, divergent, summable
from szilard.ledger.jump import Jump, work_of, work_reverse_of
from szilard.ledger.length import hellinger_of
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
from szilard.models.ppm import Sequential, horizon_of, log_normaliser, phi_of
from szilard.monitor.sampled.sample_set import JumpTerms, balance_of, effective_share, same

_ELEMENTS_AT_ONCE = 2**19
"""Float64 numbers in each of the handful of tensors alive at a time."""

Positions = Float[Tensor, "count length"]
Logits = Float[Tensor, "count length vocabulary"]


@final
@dataclass(frozen=True, slots=True)
class TokenSums:
    """At every position, 0 beyond the sequence's end; in nats.

    Attributes:
        phi: ``−ln p(x_i|x_{<i})`` of the token that stands there.
        entropy: of the next token.
        square: ``Σ p (1 − p) z²``, for the precision floor.
        work, work_reverse: divergence of the next token between two models, both ways; 0 where there is one only.
        defect: one minus the overlap of the next token's two distributions, likewise.
    """

    phi: Positions
    entropy: Positions
    square: Positions
    work: Positions
    work_reverse: Positions
    defect: Positions


def token_sums(
    logits: Logits, tokens: Int[Tensor, "count length"], alive: Bool[Tensor, "count length"], before: Logits | None
) -> TokenSums:
    """All sums of one model, and against an earlier one where its logits are given."""
    vocabulary = logits.shape[-1]
    at = alive.flatten()
    z, token = logits.reshape(-1, vocabulary), tokens.flatten().clamp(0, vocabulary - 1)
    earlier = None if before is None else before.reshape(-1, vocabulary)
    sums = torch.zeros(6, len(z), dtype=torch.float64, device=z.device)
    size = max(1, _ELEMENTS_AT_ONCE // vocabulary)
    for begin in range(0, len(z), size):
        rows = slice(begin, begin + size)
        wide = z[rows].to(torch.float64)
        phi = summable(phi_of(wide))
        p = torch.exp(-phi)
        sums[0, rows] = phi.gather(-1, token[rows].unsqueeze(-1)).squeeze(-1)
        sums[1, rows] = (p * phi).sum(-1)
        sums[2, rows] = (p * (1 - p) * wide.clamp(min=-IMPOSSIBLE).square()).sum(-1)
        if earlier is not None:
            jump = Jump(summable(phi_of(earlier[rows])), phi, p_after=p)
            sums[3, rows] = divergent(work_of(jump))
            sums[4, rows] = divergent(work_reverse_of(jump))
            sums[5, rows] = hellinger_of(jump)
    sums = torch.where(at, sums, torch.zeros_like(sums))
    return TokenSums(*sums.reshape(6, *tokens.shape))


def token_phi(logits: Logits, tokens: Int[Tensor, "count length"], alive: Bool[Tensor, "count length"]) -> Positions:
    """φ of the tokens alone at every position, 0 beyond the end, float64, in nats."""
    token = tokens.clamp(0, logits.shape[-1] - 1).unsqueeze(-1)
    parts = []
    size = max(1, _ELEMENTS_AT_ONCE // logits[0].numel())
    for begin in range(0, len(logits), size):
        rows = slice(begin, begin + size)
        normaliser = log_normaliser(logits[rows])
        parts.append(normaliser - logits[rows].gather(-1, token[rows]).squeeze(-1).to(torch.float64))
    phi = torch.cat(parts)
    return torch.where(alive, phi, torch.zeros_like(phi))


@final
class TrackedSequences:
    """Keeps the logits of the previous record: in float32, or in float64 where the model gives float64.

    Anything coarser than the model's own logits would feign work that the precision floor does not know.

    Args:
        ppm: the model.
        x: the sequences.
        alive: which of their positions count.
    """

    def __init__(self, ppm: Sequential, x: Int[Tensor, "count length"], alive: Bool[Tensor, "count length"]) -> None:
        self._ppm = ppm
        self._x = x
        self._alive = alive
        self._before: Tensor | None = None

    def sums(self, *, keep: bool) -> TokenSums:
        """All sums of the present model against the one last kept; ``keep`` puts the present one in its place."""
        before, parts = self._before, []
        for begin in range(0, len(self._x), self._ppm.chunk):
            rows = slice(begin, begin + self._ppm.chunk)
            logits = self._ppm.token_logits(self._x[rows])
            earlier = None if before is None else before[rows]
            parts.append(token_sums(logits, self._x[rows], self._alive[rows], earlier))
            if keep:
                self._keep(rows, logits)
        names = TokenSums.__slots__
        return TokenSums(**{name: torch.cat([getattr(part, name) for part in parts]) for name in names})

    def _keep(self, rows: slice, logits: Tensor) -> None:
        if self._before is None:
            dtype = torch.promote_types(logits.dtype, torch.float32)
            self._before = logits.new_empty((*self._x.shape, logits.shape[-1]), dtype=dtype)
        self._before[rows] = logits


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
