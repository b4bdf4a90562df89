"""The random state of the calling program, as it was."""

from __future__ import annotations

from contextlib import AbstractContextManager

import torch


def own_randomness(device: torch.device) -> AbstractContextManager[None]:
    """For the time of a block torch's random state is the run's own, on the CPU and on its device."""
    return torch.random.fork_rng(devices=[device] if device.type == "cuda" else [])
