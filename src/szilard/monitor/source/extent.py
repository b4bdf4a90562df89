"""How many dimensions a sample has."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def dimensions(x: Tensor) -> Float[Tensor, ""]:
    """Numbers in one sample, as a tensor on the samples' device."""
    return torch.ones((), dtype=torch.float64, device=x.device) * x[0].numel()
