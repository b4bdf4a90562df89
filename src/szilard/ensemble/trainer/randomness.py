"""Random numbers of members: streams that are addressed, not walked, and the lock on torch's global random state."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Sequence
from typing import final

import numpy as np
from numpy.typing import NDArray


@final
class RandomStreams:
    """One stream of random numbers for each member, in blocks that can be had in any order.

    A block is the output of Philox, a counter-based generator, whose key is the member's seed and whose counter is the
    block's number. So there is no state to save, nothing depends on which members sit beside one another, and the raw
    bits are the same on every version of NumPy.

    Args:
        seeds: of the members, each from 0 to below 2**63; equal seeds give equal streams.
        purpose: what the numbers are for; streams of different purposes are independent.

    Example:
        >>> streams = RandomStreams([7, 8], "example")
        >>> bool((streams.bits(0, block=3, count=5) == RandomStreams([7], "example").bits(0, block=3, count=5)).all())
        True
    """

    def __init__(self, seeds: Sequence[int], purpose: str) -> None:
        tag = zlib.crc32(purpose.encode())
        self._keys = [np.random.SeedSequence([seed, tag]).generate_state(2, np.uint64) for seed in seeds]

    def bits(self, member: int, block: int, count: int) -> NDArray[np.uint64]:
        """The first ``count`` random words of 64 bits in a block of a member's stream."""
        return self._philox(member, block).random_raw(count)

    def generator(self, member: int, block: int) -> np.random.Generator:
        """A generator that stands at the start of the block."""
        return np.random.Generator(self._philox(member, block))

    def _philox(self, member: int, block: int) -> np.random.Philox:
        return np.random.Philox(counter=[0, 0, 0, block], key=self._keys[member])


RANDOM = threading.RLock()
"""Held while torch's global random state is borrowed: by whatever makes models, and by forward passes that draw.
Whatever seeds, forks or restores the global state while chunks are trained in threads holds this, or another thread's
members would start from other numbers.
"""
