"""Ancestral sampling: one token after the other, each from its distribution given those before, at temperature 1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

Extend = Callable[[Tensor, Any], tuple[Tensor, Any]]
"""From new tokens ``(count, new)`` and a cache (None at first) to logits ``(count, vocabulary)`` and the cache."""


def ancestral(
    extend: Extend,
    prompt: Int[Tensor, "count given"],
    uniform: Float[Tensor, "count length"],
    end: int | Sequence[int] | None = None,
) -> Int[Tensor, "count length"]:
    """Sequences ``x_i ~ p(· | prompt, x_{<i})`` by inversion of the cumulative distribution.

    Args:
        extend: the model; what it keeps of earlier tokens is its cache.
        prompt: what every sequence goes on from, at least one token.
        uniform: independent, uniform in [0, 1), in float64; one per token, so that sequences do not depend on how they
            are divided into batches.
        end: the token, or tokens, after which a sequence is over, if any; it is filled up with the first of them.
    """
    if end is not None:
        ends = prompt.new_tensor([end] if isinstance(end, int) else list(end))
    x = prompt.new_empty(uniform.shape) if end is None else ends[0].repeat(len(prompt), uniform.shape[1])
    new, cache = prompt, None
    for position in range(uniform.shape[1]):
        logits, cache = extend(new, cache)
        token = draw(logits, uniform[:, position])
        if end is not None:
            over = torch.isin(x[:, :position], ends).any(1)
            token = torch.where(over, ends[0], token)
        x[:, position] = token
        new = token[:, None]
        # On an accelerator this waits for the device, once in sixteen tokens.
        if end is not None and position % 16 == 15 and bool(torch.isin(x[:, : position + 1], ends).any(1).all()):
            break
    return x


def draw(logits: Float[Tensor, "count vocabulary"], uniform: Float[Tensor, " count"]) -> Int[Tensor, " count"]:
    """One token per row: the first whose cumulative probability, in float64, exceeds ``uniform``.

    Example:
        >>> logits = torch.tensor([[0.25, 0.5, 0.25]]).log().expand(3, 3)
        >>> draw(logits, torch.tensor([0.2, 0.7, 0.8], dtype=torch.float64)).tolist()
        [0, 1, 2]
    """
    cumulative = torch.softmax(logits.float(), -1).to(torch.float64).cumsum(-1)
    # Relative to the last sum, so that rounding leaves nothing beyond the last token.
    wanted = uniform[:, None] * cumulative[:, -1:]
    return torch.searchsorted(cumulative, wanted, right=True).squeeze(-1).clamp_(max=logits.shape[-1] - 1)
