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
_REMEMBERED = 1
"""States beside the last one: that of the loop beside that of what is evaluated apart from it."""


@final
@dataclass(frozen=True, slots=True)
class _NumpyState:
    """NumPy's global state. To read or set it takes 0.1 ms, so that is left out where its memory tells all of it.

    Attributes:
        full: as ``np.random.get_state`` gives it.
        memory: key and position as they lie in memory; None where they are not all of it.
    """

    full: Any
    memory: bytes | None

    recent: ClassVar[tuple[_NumpyState, ...]] = ()
    """States that were read or set of late and whose memory tells all: a loop's, and those of evaluations beside it."""

    @classmethod
    def now(cls) -> _NumpyState:
        """The state as it stands."""
        memory = _memory()
        known = cls._known(memory)
        return known if known is not None else cls(np.random.get_state(), memory)._remembered()  # noqa: NPY002 - the run's

    @classmethod
    def seeded(cls, seed: int) -> _NumpyState:
        """What a seed makes of it."""
        full: Any = np.random.RandomState(seed % 2**32).get_state()
        return cls(full, full[1].tobytes() + int(full[2]).to_bytes(4, sys.byteorder))

    @property
    def tells_all(self) -> bool:
        """Whether the memory is all of it."""
        return self.memory is not None and self.full[0] == "MT19937" and self.full[3] == 0

    def put_back(self) -> None:
        """Makes this the global state again."""
        memory = _memory()
        if self.memory is None or not self.tells_all or self._known(memory) is None:
            np.random.set_state(self.full)  # noqa: NPY002
        elif self.memory is not None and memory != self.memory:
            generator: Any = get_bit_generator()
            with generator.lock:
                ctypes.memmove(generator.ctypes.state_address, self.memory, len(self.memory))
        self._remembered()

    @classmethod
    def _known(cls, memory: bytes | None) -> _NumpyState | None:
        """The recent state with this memory."""
        return next((each for each in cls.recent if memory is not None and each.memory == memory), None)

    def _remembered(self) -> _NumpyState:
        if self.tells_all and (not self.recent or self.recent[0] is not self):
            others = [each for each in self.recent if each.memory != self.memory]
            _NumpyState.recent = (self, *others[:_REMEMBERED])
        return self


def _place_of_waiting() -> int | None:
    """At which byte of a ``RandomState`` it says whether the second number of a normal pair waits to be drawn.

    NumPy tells that only together with all the rest. It is found by trying; None where it is not.
    """
    tried = np.random.RandomState(0)

    def integers() -> np.ndarray:
        return np.frombuffer(ctypes.string_at(id(tried), type(tried).__basicsize__), dtype=np.intc)

    marks = [integers()]
    for _ in range(2):
        tried.standard_normal()
        marks.append(integers())
    (places,) = np.nonzero((marks[0] == 0) & (marks[1] == 1) & (marks[2] == 0))
    return int(places[0]) * marks[0].itemsize if len(places) == 1 else None


_WAITING = _place_of_waiting()
_GLOBAL: Any = np.random.mtrand._rand


def _memory() -> bytes | None:
    """The global generator's, where it is all of its state: the usual one, and no number of a pair waits."""
    generator = get_bit_generator()
    if type(generator) is not np.random.MT19937 or _WAITING is None:
        return None
    if ctypes.c_int.from_address(id(_GLOBAL) + _WAITING).value:
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
