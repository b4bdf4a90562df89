"""Teacher forcing: how next-token distributions after given prefixes move. Not the work on X, whose prefixes are its
own samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from jaxtyping import Int
from torch import Tensor

from szilard.ledger import SlotSum
from szilard.models.ppm import Sequential
from szilard.monitor.sampled.combination import Combination
from szilard.monitor.sampled.token_sums import TokenSums, token_sums

_TEXT = "text"


@final
class GivenText:
    """Keeps the logits of the previous record on the text, in float32.

    Args:
        ppm: the model.
        text: sequences of one length, at most the model's horizon.
    """

    def __init__(self, ppm: Sequential, text: Int[Tensor, "count tokens"]) -> None:
        self._ppm = ppm
        self._text = text
        self._alive = ppm.alive(text)
        self._count = self._alive.sum(-1)
        self._logits: Tensor | None = None
        self._work = SlotSum.zero(len(text), device=text.device)

    def record(self) -> Mapping[str, Combination]:
        """Work so far and cross-entropy now, means over sequences of what they are per token."""
        sums = self._evaluate(keep=True)
        self._work = self._work + SlotSum.mean(sums.work.sum(-1) / self._count)
        cross = SlotSum.mean(sums.phi.sum(-1) / self._count)
        return {
            "work_conditional": Combination.of(_TEXT, self._work),
            "cross_entropy": Combination.of(_TEXT, cross),
        }

    def rehearse(self) -> None:
        """The same work, kept nowhere."""
        self._evaluate(keep=False)

    def _evaluate(self, *, keep: bool) -> TokenSums:
        before, parts = self._logits, []
        if before is None and keep:
            shape = (*self._text.shape, self._ppm.vocabulary)
            self._logits = torch.empty(shape, dtype=torch.float32, device=self._text.device)
        for begin in range(0, len(self._text), self._ppm.chunk):
            rows = slice(begin, begin + self._ppm.chunk)
            logits = self._ppm.token_logits(self._text[rows])
            earlier = None if before is None else before[rows]
            parts.append(token_sums(logits, self._text[rows], self._alive[rows], earlier))
            if keep and self._logits is not None:
                self._logits[rows] = logits
        names = TokenSums.__slots__
        return TokenSums(**{name: torch.cat([getattr(part, name) for part in parts]) for name in names})
