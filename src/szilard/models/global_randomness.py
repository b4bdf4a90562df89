"""Random numbers for code that takes no generator: the global ones, seeded from a generator and put back after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from szilard.models.evaluation import RandomState

_SEEDS = 2**62


@contextmanager
def seeded_by(generator: torch.Generator, device: torch.device) -> Iterator[None]:
    """For the time of a block the global random states are what the generator's next number makes of them."""
    seed = int(torch.randint(_SEEDS, (1,), generator=generator, device=generator.device))
    before = RandomState.now(device)
    RandomState.seeded(device, seed).put_back(device)
    try:
        yield
    finally:
        before.put_back(device)
