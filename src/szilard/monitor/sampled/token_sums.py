"""Exact sums over the vocabulary at every position of some sequences, from record to record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from szilard.ledger.jump import Jump, work_of, work_reverse_of
from szilard.ledger.length import hellinger_of
from szilard.models.ppm import Sequential, log_normaliser, phi_of

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
        phi = phi_of(wide)
        p = torch.exp(-phi)
        sums[0, rows] = phi.gather(-1, token[rows].unsqueeze(-1)).squeeze(-1)
        sums[1, rows] = (p * phi).sum(-1)
        sums[2, rows] = (p * (1 - p) * wide.square()).sum(-1)
        if earlier is not None:
            jump = Jump(phi_of(earlier[rows]), phi, p_after=p)
            sums[3, rows] = work_of(jump)
            sums[4, rows] = work_reverse_of(jump)
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
