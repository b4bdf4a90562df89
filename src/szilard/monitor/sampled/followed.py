"""Sequences whose next-token distributions are compared from record to record, chunk by chunk."""

from __future__ import annotations

from typing import final

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from szilard.models.ppm import Sequential
from szilard.monitor.sampled.token_sums import TokenSums, token_sums


@final
class Followed:
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
        """Of the present model, against the one last kept; ``keep`` puts the present one in its place."""
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
