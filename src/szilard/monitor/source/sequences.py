"""Sequences of tokens: ancestral samples, φ summed over their tokens."""

from __future__ import annotations

from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from szilard.models.ppm import Sequential, horizon_of
from szilard.monitor.sampled.token_sums import token_phi
from szilard.monitor.source.extent import dimensions
from szilard.monitor.source.source import Drawn


@final
class SequenceSource:
    """Of a :class:`~szilard.models.ppm.Sequential` model; next-token distributions are streamed by its chunk."""

    normalised = exact = True

    def __init__(self, ppm: Sequential, seed: int) -> None:
        self._ppm = ppm
        self._seed = seed
        self._generator = torch.Generator(device=ppm.device).manual_seed(seed)

    def draw(self, count: int) -> Drawn:
        """Fresh sequences."""
        return Drawn(self._ppm.sample(count, self._generator))

    def phi(self, x: Int[Tensor, "count length"]) -> Float[Tensor, " count"]:
        """``−Σ_i ln p(x_i|x_{<i})`` over the tokens that are alive."""
        return torch.cat([self._phi(chunk) for chunk in x.split(self._ppm.chunk)])

    def law(self, drawn: Drawn) -> Float[Tensor, " count"]:
        """The same: there is nothing but x."""
        return self.phi(drawn.x)

    def size(self, x: Int[Tensor, "count length"]) -> Float[Tensor, ""]:
        """Tokens of the horizon: a fixed number, as in the ledger; a prompt of the sequence's own is none of them."""
        return dimensions(x) - (self._ppm.length - horizon_of(self._ppm))

    def restart(self) -> None:
        """The same random numbers again."""
        self._generator.manual_seed(self._seed)

    def _phi(self, x: Int[Tensor, "count length"]) -> Float[Tensor, " count"]:
        return token_phi(self._ppm.token_logits(x), x, self._ppm.alive(x)).sum(-1)
