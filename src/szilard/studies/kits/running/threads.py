"""How many threads of the CPU an operation takes, for the time of a block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

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
