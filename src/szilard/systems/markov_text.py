"""A small Markov text, every sequence of which can be counted: the oracle of language models."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from szilard.systems.base import require
from szilard.systems.decimal_sums import ledger_of
from szilard.systems.parameter_system import normal, require_positive, require_whole
from szilard.systems.taught import Taught, require_learning

_MOST_OUTCOMES = 20_000


@dataclass(frozen=True)
class MarkovText(Taught):
    """``φ_θ(x) = −Σ_i ln p_θ(x_i | x_{i−1})`` over sequences of at most T tokens; θ are logits, row by row.

    The first row of logits is that of the first token, the others those after each token: ``(1 + V)·V`` numbers. With
    ``ends``, the last token of the vocabulary ends the text: what follows it is padded with it and does not count.

    Args:
        vocabulary: V, tokens.
        length: T, most tokens of a sequence.
        ends: whether the last token ends the text.
        rate: r, the learning rate.
        batch_size: sequences of the teacher in each step's minibatch.
        contrast: standard deviation of the teacher's logits; the start is uniform.
        population: seed of the teacher.

    Raises:
        SpecError: for a parameter outside its range, or more sequences than can be counted.

    Example:
        >>> system = MarkovText(vocabulary=3, length=4)
        >>> answers = system.exact(steps=20)
        >>> bool(answers["work"] > 0), bool(abs(answers["work"] - answers["ep_conditional"]) < 1e-12)
        (True, True)
    """

    vocabulary: int = 3
    length: int = 4
    ends: bool = False
    rate: float = 0.2
    batch_size: int = 16
    contrast: float = 1.5
    population: int = 0

    def __post_init__(self) -> None:
        require_whole(2, vocabulary=self.vocabulary)
        require_whole(1, length=self.length)
        require_learning(self.rate, self.batch_size)
        require_positive(contrast=self.contrast)
        count = self.vocabulary**self.length
        require(
            count <= _MOST_OUTCOMES,
            f"{self.vocabulary} tokens make {count} sequences of length {self.length}: keep them at {_MOST_OUTCOMES}.",
        )

    def teacher(self) -> Float[Tensor, " theta"]:
        """Normal logits of standard deviation ``contrast``."""
        shape = ((1 + self.vocabulary) * self.vocabulary,)
        return self.contrast * normal(shape, torch.Generator().manual_seed(self.population))

    def start(self) -> Float[Tensor, " theta"]:
        """The parameters at which all tokens are equally likely everywhere."""
        return torch.zeros((1 + self.vocabulary) * self.vocabulary, dtype=torch.float64)

    # Model

    def token_logits(
        self, x: Int[Tensor, "*members count length"], theta: Float[Tensor, "*members theta"]
    ) -> Float[Tensor, "*members count length vocabulary"]:
        """Logits of each position's token given those before it."""
        table = theta.unflatten(-1, (1 + self.vocabulary, self.vocabulary))
        before = self._before(x)
        lead = torch.broadcast_shapes(before.shape[:-2], table.shape[:-2])
        rows = before.expand(*lead, *before.shape[-2:]).flatten(-2)[..., None]
        return torch.take_along_dim(table.expand(*lead, -1, -1), rows, -2).unflatten(-2, x.shape[-2:])

    def alive(self, x: Int[Tensor, "*members count length"]) -> Bool[Tensor, "*members count length"]:
        """Positions that belong to the sequence: all up to and including its end."""
        if not self.ends:
            return torch.ones_like(x, dtype=torch.bool)
        return self._before(x) != self.vocabulary

    def sample(
        self, theta: Float[Tensor, "*members theta"], count: int, *, generator: torch.Generator
    ) -> Int[Tensor, "*members count length"]:
        """``count`` sequences for each member, token by token."""
        p = torch.softmax(theta.unflatten(-1, (1 + self.vocabulary, self.vocabulary)), -1)
        token = torch.zeros(*theta.shape[:-1], count, dtype=torch.long)
        tokens: list[Tensor] = []
        for _ in range(self.length):
            rows = torch.take_along_dim(p, token[..., None], -2).cumsum(-1)
            uniform = torch.rand(*token.shape, 1, generator=generator, dtype=torch.float64)
            drawn = (rows < uniform).sum(-1).clamp(max=self.vocabulary - 1)
            if self.ends:
                drawn = torch.where(token == self.vocabulary, self.vocabulary - 1, drawn)
            tokens.append(drawn)
            token = drawn + 1
        return torch.stack(tokens, -1)

    def phi(
        self, x: Int[Tensor, "*members count length"], theta: Float[Tensor, "*members theta"]
    ) -> Float[Tensor, "*members count"]:
        """``φ = −ln p`` of whole sequences, in nats."""
        log_p = torch.log_softmax(self.token_logits(x, theta), -1)
        chosen = torch.take_along_dim(log_p, x[..., None].expand(*log_p.shape[:-1], 1), -1)[..., 0]
        return -(chosen * self.alive(x)).sum(-1)

    def outcomes(self, path: Float[Tensor, "*points theta"]) -> tuple[Int[Tensor, "outcomes length"], float]:
        """Every sequence, padded where it has ended, and the volume 1 of each."""
        x = torch.tensor(list(itertools.product(range(self.vocabulary), repeat=self.length)))
        padded = ((x == self.vocabulary - 1) | self.alive(x)).all(-1)
        return x[padded], 1.0

    def _before(self, x: Tensor) -> Tensor:
        """The row of logits at each position: 0 at the first, else one more than the token before."""
        return torch.cat([torch.zeros_like(x[..., :1]), x[..., :-1] + 1], -1)

    # Answers

    def along(self, path: Float[Tensor, "points theta"]) -> Mapping[str, float]:
        """The ledger of this very path, of whole sequences, by sums over all of them; and ``tokens``, at its end."""
        phi = self.table(path)
        tokens = self.alive(self.outcomes(path)[0]).sum(-1).double()
        return {**ledger_of(phi.tolist()), "tokens": float((torch.exp(-phi[-1]) * tokens).sum())}
