"""Weighted populations: how many samples they are worth, and drawing them anew by their weights."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor


def effective_sample_size(log_weights: Float[Tensor, "*populations count"]) -> Float[Tensor, " *populations"]:
    """``(Σw)²/Σw²``, from 1 to ``count``, of each population (Kong 1992); log weights need no normalisation.

    Example:
        >>> import torch
        >>> effective_sample_size(torch.tensor([[0.0, 0.0], [0.0, -torch.inf]])).tolist()
        [2.0, 1.0]
    """
    log_weights = log_weights.double()
    return torch.exp(2 * torch.logsumexp(log_weights, -1) - torch.logsumexp(2 * log_weights, -1))


def systematic(
    log_weights: Float[Tensor, "*populations count"], generator: torch.Generator
) -> Int[Tensor, "*populations count"]:
    """Which members of each population stand in its next one, by systematic resampling.

    One uniform number for each population shifts a comb of ``count`` equal teeth over its cumulative weights: member i
    is chosen ``count·w_i/Σw`` times, rounded down or up, and in expectation exactly. Any function of the members keeps
    its weighted mean in expectation. Indices rise. (Kitagawa, J. Comput. Graph. Stat. 5, 1 (1996).)

    Example:
        >>> import torch
        >>> weights = torch.tensor([0.5, 0.25, 0.25, 0.0])
        >>> systematic(weights.log(), torch.Generator().manual_seed(0)).tolist()
        [0, 0, 1, 2]
    """
    count = log_weights.shape[-1]
    cumulative = torch.softmax(log_weights.double(), -1).cumsum(-1)
    cumulative = cumulative / cumulative[..., -1:]
    shift = torch.rand(
        (*log_weights.shape[:-1], 1), generator=generator, device=generator.device, dtype=torch.float64
    ).to(log_weights.device)
    teeth = (torch.arange(count, device=log_weights.device, dtype=torch.float64) + shift) / count
    chosen = torch.searchsorted(cumulative, teeth.contiguous(), right=True)
    # A tooth at the very end may fall behind the last cumulative weight by rounding.
    return chosen.clamp(max=count - 1)
