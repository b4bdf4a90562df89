"""Teacher forcing: how next-token distributions after given prefixes move. Not the work on X, whose prefixes are its
own samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from jaxtyping import Int
from torch import Tensor

from szilard.ledger import SlotSum
from szilard.models.ppm import Sequential
from szilard.monitor.sampled.combination import Combination
from szilard.monitor.sampled.followed import Followed

_TEXT = "text"


@final
class GivenText:
    """The model's next-token distributions on the text, record by record.

    Args:
        ppm: the model.
        text: sequences of one length, at most the model's; of each, one token at least must count.
    """

    def __init__(self, ppm: Sequential, text: Int[Tensor, "count tokens"]) -> None:
        alive = ppm.alive(text)
        self._followed = Followed(ppm, text, alive)
        self._count = alive.sum(-1)
        self._work = SlotSum.zero(len(text), device=text.device)

    def record(self) -> Mapping[str, Combination]:
        """Work so far and cross-entropy now, means over sequences of what they are per token."""
        sums = self._followed.sums(keep=True)
        self._work = self._work + SlotSum.mean(sums.work.sum(-1) / self._count)
        cross = SlotSum.mean(sums.phi.sum(-1) / self._count)
        return {
            "work_conditional": Combination.of(_TEXT, self._work),
            "cross_entropy": Combination.of(_TEXT, cross),
        }

    def rehearse(self) -> None:
        """The same work, kept nowhere."""
        self._followed.sums(keep=False)
