"""The monitor's own sums, where a training demands deterministic algorithms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def any_algorithm() -> Iterator[None]:
    """Lifts ``torch.use_deterministic_algorithms`` for a block.

    PyTorch then refuses running sums on a GPU, where they have no deterministic algorithm. The model is still evaluated
    by deterministic ones; what the monitor sums does not enter the training.
    """
    demanded = torch.are_deterministic_algorithms_enabled()
    only_warns = torch.is_deterministic_algorithms_warn_only_enabled()
    if not demanded:
        yield
        return
    torch.use_deterministic_algorithms(False)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(True, warn_only=only_warns)
