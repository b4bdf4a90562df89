"""What a run takes of its process: threads within an operation, workers beside one another, and torch's randomness."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import torch


@contextmanager
def own_threads(number: int | None) -> Iterator[None]:
    """So many threads within an operation, and as many as before after it; None leaves them as they are."""
    before = torch.get_num_threads()
    torch.set_num_threads(before if number is None else number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def own_randomness(device: torch.device) -> AbstractContextManager[None]:
    """For the time of a block torch's random state is the run's own, on the CPU and on its device."""
    return torch.random.fork_rng(devices=[device] if device.type == "cuda" else [])


def workers_of(device: str) -> int:
    """How many chunks are trained at the same time: one for each core that this process may use, one on a GPU."""
    if torch.device(device).type != "cpu":
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
