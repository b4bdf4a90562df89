"""Sums that go on from batch to batch, added up one by one so that it does not matter where batches end."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def running_sum(start: Float[Tensor, "*shape"], steps: Float[Tensor, "records ..."]) -> Float[Tensor, "records ..."]:
    """The sums after each record, ``((start + a) + b) + …``: on a CPU the same to the bit however records are batched.

    ``start + steps.cumsum(0)`` would round differently for each size of batch, and batches end by the clock.
    """
    return torch.cat([start.unsqueeze(0), steps]).cumsum(0)[1:]
