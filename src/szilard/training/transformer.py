"""A small transformer over tokens, such as characters, that can go on from a cache of keys and values."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from szilard.errors import SpecError

Cache = list[tuple[Tensor, Tensor]]
"""Keys and values of every block, each shaped ``(count, heads, seen, width/heads)``, positions already turned in."""


def transformer(
    vocabulary: int, context: int = 128, width: int = 128, blocks: int = 4, heads: int = 4, dropout: float = 0.0
) -> Transformer:
    """A causal transformer: blocks of attention and a GELU layer four times as wide, both after layer normalisation.

    Positions enter by rotating queries and keys (Su et al. 2021), and the logits use the embedding's own matrix, so
    that a fresh model is nearly uniform.

    Args:
        vocabulary: number of tokens.
        context: most tokens that it takes.
        width: of a token's representation.
        blocks: how many.
        heads: of attention, each ``width/heads`` wide.
        dropout: probability of dropping what a layer adds.

    Raises:
        SpecError: if a size is not positive, or the width no even multiple of the number of heads.

    Example:
        >>> model = transformer(vocabulary=80, context=16, width=32, blocks=2)
        >>> model(torch.zeros(5, 16, dtype=torch.int64)).shape
        torch.Size([5, 16, 80])
    """
    if min(vocabulary - 1, context, width, blocks, heads) < 1:
        raise SpecError(
            f"a transformer needs two tokens and positive sizes, not vocabulary={vocabulary}, context={context},"
            f" width={width}, blocks={blocks}, heads={heads}: raise the smallest."
        )
    if width % (2 * heads):
        raise SpecError(f"the width {width} must be a multiple of twice the {heads} heads: give {2 * heads * 16}, say.")
    return Transformer(vocabulary, context, width, blocks, heads, dropout)


class Transformer(nn.Module):
    """The module that :func:`transformer` makes, with a cache of keys and values."""

    def __init__(self, vocabulary: int, context: int, width: int, blocks: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.context = context
        self.embedding = nn.Embedding(vocabulary, width)
        self.blocks = nn.ModuleList(Block(width, heads, dropout) for _ in range(blocks))
        self.norm = nn.LayerNorm(width)
        nn.init.normal_(self.embedding.weight, std=0.02)
        for name, parameter in self.blocks.named_parameters():
            if name.endswith(("out.weight", "down.weight")):
                nn.init.normal_(parameter, std=0.02 / (2 * blocks) ** 0.5)

    def forward(self, tokens: Int[Tensor, "count length"]) -> Float[Tensor, "count length vocabulary"]:
        """Logits of the next token at every position, from one pass over all of them."""
        return self.extend(tokens, None)[0]

    def extend(
        self, tokens: Int[Tensor, "count new"], cache: Cache | None
    ) -> tuple[Float[Tensor, "count new vocabulary"], Cache]:
        """Logits at the new positions, which follow those in the cache, and the cache with them in it.

        Raises:
            SpecError: if there are more tokens than the context holds.
        """
        seen = cache[0][0].shape[2] if cache else 0
        if seen + tokens.shape[1] > self.context:
            raise SpecError(
                f"{seen + tokens.shape[1]} tokens do not fit into the context of {self.context}: cut the text, or make"
                " the transformer with a longer one."
            )
        h = self.embedding(tokens)
        turns = _turns(seen, tokens.shape[1], h.shape[-1] // self.blocks[0].heads, h.device)
        longer: Cache = []
        for number, block in enumerate(self.blocks):
            h, kept = block(h, turns, cache[number] if cache else None)
            longer.append(kept)
        return functional.linear(self.norm(h), self.embedding.weight), longer


class Block(nn.Module):
    """Attention, then a layer by itself at each position; each adds to what came in."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm, self.layer_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.queries_keys_values = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, h: Float[Tensor, "count new width"], turns: tuple[Tensor, Tensor], seen: tuple[Tensor, Tensor] | None
    ) -> tuple[Float[Tensor, "count new width"], tuple[Tensor, Tensor]]:
        """What comes out, with the keys and values of all positions so far."""
        queries, keys, values = (
            each.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for each in self.queries_keys_values(self.attention_norm(h)).chunk(3, -1)
        )
        queries, keys = _turned(queries, turns), _turned(keys, turns)
        if seen is not None:
            keys, values = torch.cat([seen[0], keys], 2), torch.cat([seen[1], values], 2)
        new, total = queries.shape[2], keys.shape[2]
        mask = None
        if seen is not None and new > 1:
            mask = torch.ones(new, total, dtype=torch.bool, device=h.device).tril(total - new)
        attended = functional.scaled_dot_product_attention(queries, keys, values, mask, is_causal=seen is None)
        h = h + self.dropout(self.out(attended.transpose(1, 2).flatten(2)))
        h = h + self.dropout(self.down(functional.gelu(self.up(self.layer_norm(h)))))
        return h, (keys, values)


def _turns(first: int, count: int, width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Cosines and sines by which positions turn the pairs of a head, each shaped ``(count, width/2)``."""
    rates = 10_000.0 ** -(torch.arange(0, width, 2, device=device) / width)
    angles = torch.arange(first, first + count, device=device)[:, None] * rates
    return angles.cos(), angles.sin()


def _turned(x: Float[Tensor, "count heads new width"], turns: tuple[Tensor, Tensor]) -> Tensor:
    (cos, sin), (a, b) = turns, x.chunk(2, -1)
    cos, sin = cos.to(x.dtype), sin.to(x.dtype)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)
