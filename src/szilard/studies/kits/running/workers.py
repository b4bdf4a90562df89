"""How many chunks of members are trained at the same time in one process."""

from __future__ import annotations

import os

import torch


def workers_of(device: str) -> int:
    """One for each core that this process may use; a GPU is shared badly."""
    if torch.device(device).type != "cpu":
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
