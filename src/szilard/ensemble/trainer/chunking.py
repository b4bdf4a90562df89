"""How many members to train side by side: enough to share the cost of calling, few enough to stay in cache."""

from __future__ import annotations

import math

import torch

_CACHE = 8 << 20
"""Bytes of weights and batches that one CPU thread keeps near it."""

_SMALL = 16 << 20
"""What more it pays to hold at |b| = 1, divided by |b|: there, calling costs more than memory."""

_DEVICE_SHARE = 8
"""On another device a chunk may take one part in so many of its free memory, for gradients and copies need room too."""

_MOST = 512
_MOST_ON_DEVICE = 32_768


def suggested_chunk(
    parameter_bytes: int,
    batch_size: int,
    *,
    example_bytes: int = 0,
    members: int | None = None,
    workers: int = 1,
    device: str | torch.device = "cpu",
) -> int:
    """Members for one trainer, from 1 up.

    On a CPU the fastest is one Python thread a core, each with a trainer of its own and ``torch.set_num_threads(1)``:
    there is nothing to wait for within an operation, and every core keeps its chunk's weights in its own cache.

    Args:
        parameter_bytes: of one member's parameters, and of the optimiser's state.
        batch_size: examples in a step.
        example_bytes: of one input and what the network makes of it.
        members: how many there are in all; chunks are then no larger than it takes to be done in the fewest rounds of
            ``workers`` chunks.
        workers: threads, processes or machines that share them.
        device: where they train.

    Example:
        >>> suggested_chunk(955_240, 1, members=50, workers=2), suggested_chunk(955_240, 100, members=50, workers=2)
        (25, 7)
    """
    place = torch.device(device)
    each = max(1, parameter_bytes + batch_size * example_bytes)
    if place.type == "cuda":
        room, most = torch.cuda.mem_get_info(place)[0] // _DEVICE_SHARE, _MOST_ON_DEVICE
    else:
        room, most = _CACHE + _SMALL // batch_size, _MOST
    most = max(1, min(most, room // each))
    if members is None:
        return most
    rounds = math.ceil(members / (most * workers))
    return math.ceil(members / (rounds * workers))
