"""What the runs on text share: pieces of a text and what a model makes of them."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from szilard.data.text import windows


def logits_of(model: nn.Module, tokens: Int[Tensor, "count length"]) -> Float[Tensor, "count length vocabulary"]:
    """What the model gives, plain or of Hugging Face."""
    found: Any = model(tokens)
    logits: Tensor = getattr(found, "logits", found)
    return logits


def loss_on(model: nn.Module, pieces: Int[Tensor, "count length"]) -> Tensor:
    """Mean cross-entropy per token, in nats, of every token of a piece but the first."""
    return functional.cross_entropy(logits_of(model, pieces[:, :-1]).flatten(0, 1), pieces[:, 1:].flatten())


def phi_on(
    model: nn.Module, pieces: Int[Tensor, "count length"], skipped: int, at_once: int
) -> Float[Tensor, "count left"]:
    """``−ln p`` in float64 of each token given those before it in its piece; the first ``skipped + 1`` only serve."""
    found = []
    for batch in pieces.split(at_once):
        logits = logits_of(model, batch[:, :-1])[:, skipped:].to(torch.float64)
        targets = batch[:, skipped + 1 :]
        phi = functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")
        found.append(phi.view(targets.shape))
    return torch.cat(found)


def pieces_after(tokens: Int[Tensor, " tokens"], beginning: int, length: int) -> Int[Tensor, "pieces length"]:
    """What follows each ``beginning``, as far as it does not overlap with the piece before; else any pieces.

    Example:
        >>> pieces_after(torch.tensor([9, 1, 2, 9, 3, 9, 4, 5, 6]), beginning=9, length=2).tolist()
        [[1, 2], [3, 9], [4, 5]]
    """
    after = torch.nonzero(tokens[: max(len(tokens) - length, 0)] == beginning).flatten() + 1
    starts: list[int] = []
    for start in after.tolist():
        if not starts or start >= starts[-1] + length:
            starts.append(start)
    if not starts:
        return windows(tokens, length)
    return tokens[torch.tensor(starts)[:, None] + torch.arange(length)]


def spread(rows: Tensor, most: int) -> Tensor:
    """At most so many of the rows, evenly spread over them.

    Example:
        >>> spread(torch.arange(10), 4).tolist()
        [0, 3, 6, 9]
    """
    if len(rows) <= most:
        return rows
    return rows[torch.linspace(0, len(rows) - 1, most).round().long().to(rows.device)]
