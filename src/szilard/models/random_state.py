"""The global random states, to be remembered, set and put back: torch's, NumPy's and Python's."""

from __future__ import annotations

import ctypes
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
import torch
from numpy.random import get_bit_generator  # type: ignore[attr-defined]

_SEEDS = 2**62
_WORDS = 624
"""Of a Mersenne twister's state, 32 bits each; its position follows."""


@final
@dataclass(frozen=True, slots=True)
class _NumpyState:
    """NumPy's global state. To read or set it takes 0.1 ms, so both are left out where its memory shows that it is the
    one that was last read.

    Attributes:
        full: as ``np.random.get_state`` gives it.
        memory: key and position as they lie in memory; None for generators other than the usual one.
    """

    full: Any
    memory: bytes | None

    last: ClassVar[_NumpyState | None] = None

    @classmethod
    def now(cls) -> _NumpyState:
        """The state as it stands."""
        memory = _memory()
        last = cls.last
        if last is not None and memory is not None and memory == last.memory and last.tells_all:
            return last
        cls.last = cls(np.random.get_state(), memory)  # noqa: NPY002 - the run's
        return cls.last

    @classmethod
    def seeded(cls, seed: int) -> _NumpyState:
        """What a seed makes of it."""
        full: Any = np.random.RandomState(seed % 2**32).get_state()
        return cls(full, full[1].tobytes() + int(full[2]).to_bytes(4, sys.byteorder))

    @property
    def tells_all(self) -> bool:
        """Whether the memory is all of it: no second number of a normal pair waits to be drawn."""
        return self.full[0] == "MT19937" and self.full[3] == 0

    def put_back(self) -> None:
        """Makes this the global state again."""
        if self.memory is None or not self.tells_all or _memory() != self.memory:
            np.random.set_state(self.full)  # noqa: NPY002


def _memory() -> bytes | None:
    generator = get_bit_generator()
    if type(generator) is not np.random.MT19937:
        return None
    return ctypes.string_at(generator.ctypes.state_address, 4 * (_WORDS + 1))


@final
@dataclass(frozen=True, slots=True)
class RandomState:
    """The global random states: torch's (CPU, and the CUDA device in use), NumPy's and Python's."""

    cpu: torch.Tensor
    cuda: torch.Tensor | None
    numpy: _NumpyState
    python: Any

    @classmethod
    def now(cls, device: torch.device) -> RandomState:
        """The global random states as they stand, the device's in use included."""
        cuda = torch.cuda.get_rng_state(device) if device.type == "cuda" else None
        return cls(torch.get_rng_state(), cuda, _NumpyState.now(), random.getstate())

    @classmethod
    def seeded(cls, device: torch.device, seed: int) -> RandomState:
        """What ``seed`` makes of all of them, without touching any."""
        cuda = torch.Generator(device).manual_seed(seed).get_state() if device.type == "cuda" else None
        cpu = torch.Generator().manual_seed(seed).get_state()
        return cls(cpu, cuda, _NumpyState.seeded(seed), random.Random(seed).getstate())

    def put_back(self, device: torch.device) -> None:
        """Makes these the global random states again."""
        torch.set_rng_state(self.cpu)
        if self.cuda is not None:
            torch.cuda.set_rng_state(self.cuda, device)
        self.numpy.put_back()
        random.setstate(self.python)


@final
@dataclass(slots=True)
class RandomStream:
    """Random states of one's own, that go on where they were left."""

    state: RandomState


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
