"""Copies of a model's tensors: what their values, memory and shapes were, compared by their bits and put back."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from typing import final

import numpy as np
import torch
from torch import Tensor, nn

_PLAIN = frozenset({Tensor, nn.Parameter, nn.Buffer})
_BITS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64, 16: torch.int64}
_ALWAYS_COPIED = 2**16
"""Bytes of a model's tensors of which copies are made at every evaluation, the smallest ones first."""

Note = Callable[[Tensor, Tensor, Tensor], None]
"""Hears of a tensor whose values were others: what they are, and what they were found to be."""


@final
class Scratch:
    """Memory for copies that is used again from one evaluation to the next: to ask for it anew takes longer."""

    def __init__(self) -> None:
        self._free: dict[tuple[int, torch.dtype, torch.device], list[Tensor]] = {}

    def take(self, count: int, like: Tensor) -> Tensor:
        """Room for so many numbers, which are not set."""
        free = self._free.get((count, like.dtype, like.device))
        return free.pop() if free else torch.empty(count, dtype=like.dtype, device=like.device)

    def give(self, room: Tensor) -> None:
        """Gives room back."""
        self._free.setdefault((room.numel(), room.dtype, room.device), []).append(room)


@final
class _Places:
    """Where some tensors lie: their memory and shape; ``aliases`` show the same memory whatever becomes of them."""

    def __init__(self, tensors: Sequence[Tensor]) -> None:
        self.tensors = tensors
        self.aliases = [tensor.data for tensor in tensors]
        self._pointers = [tensor.data_ptr() for tensor in tensors]

    @property
    def same(self) -> bool:
        """Whether they all still lie there."""
        return not any(map(_moved, self.tensors, self.aliases, self._pointers))

    def settle(self) -> dict[int, Tensor]:
        """Gives them their memory and shape back, and returns what lay elsewhere, by number."""
        elsewhere: dict[int, Tensor] = {}
        if self.same:
            return elsewhere
        for number, (tensor, alias, pointer) in enumerate(zip(self.tensors, self.aliases, self._pointers, strict=True)):
            if _moved(tensor, alias, pointer):
                elsewhere[number] = tensor.detach().clone()
                with torch.inference_mode(tensor.is_inference()):
                    tensor.data = alias
        return elsewhere


@final
class _Copied:
    """Tensors of one type on one device, their values side by side in one copy."""

    def __init__(self, tensors: Sequence[Tensor], scratch: Scratch) -> None:
        self.places = _Places(tensors)
        self._flat = [alias.view(-1) if alias.is_contiguous() else None for alias in self.places.aliases]
        self._scratch = scratch
        self._count = sum(tensor.numel() for tensor in tensors)

    def take(self) -> None:
        """Copies what the values are now."""
        self.values = self._now()

    def _now(self) -> Tensor:
        aliases = self.places.aliases
        parts = [alias.reshape(-1) if flat is None else flat for flat, alias in zip(self._flat, aliases, strict=True)]
        return torch.cat(parts, out=self._scratch.take(self._count, aliases[0]))

    def release(self) -> None:
        """The copy is needed no longer."""
        self._scratch.give(self.values)

    def put_back(self, note: Note | None) -> None:
        """Past the count of changes, which a graph of the loop's may wait for; where nothing differs, not at all."""
        elsewhere = self.places.settle()
        if not elsewhere and self._same():
            return
        aliases = self.places.aliases
        parts = self.values.split([alias.numel() for alias in aliases])
        for number, (alias, part) in enumerate(zip(aliases, parts, strict=True)):
            before, tensor = part.view(alias.shape), self.places.tensors[number]
            after = elsewhere.get(number, alias)
            if note is not None and not _equal(after, before):
                note(tensor, before.clone(), after.clone())
            if alias.device.type != "cpu" or not _equal(alias, before):
                with torch.inference_mode(tensor.is_inference()):
                    alias.copy_(before)

    def _same(self) -> bool:
        """Whether all have the values that they had, to the bit; comparing on another device would wait for it."""
        if self.values.device.type != "cpu":
            return False
        now = self._now()
        same = np.array_equal(_bits(self.values), _bits(now))
        self._scratch.give(now)
        return same


@final
class TensorCopies:
    """What some tensors are, copied by :meth:`take` as often as wanted.

    Small ones are copied, all of them where they take no more than 64 KiB; large ones if ``chosen``, or if all are to
    be. Of the others memory, shape and version are kept, so that a change is noticed and most are put back.

    Args:
        tensors: each once.
        chosen: identities of those to be copied whatever they take.
        scratch: memory for the copies.
        everything: whether to copy all of them.
    """

    def __init__(self, tensors: Sequence[Tensor], chosen: Set[int], scratch: Scratch, *, everything: bool) -> None:
        plain = [each for each in tensors if type(each) in _PLAIN and each.layout is torch.strided and not each.is_meta]
        copied = plain if everything else _copied(plain, chosen)
        groups: dict[torch.dtype | tuple[torch.dtype, torch.device], list[Tensor]] = {}
        for tensor in copied:
            groups.setdefault(tensor.dtype if tensor.is_cpu else (tensor.dtype, tensor.device), []).append(tensor)
        self._groups = [_Copied(several, scratch) for several in groups.values()]
        known = {id(tensor) for tensor in copied}
        self._others = [tensor for tensor in tensors if id(tensor) not in known] if len(copied) < len(tensors) else []
        known = {id(tensor) for tensor in plain} if self._others else set()
        self._large = [tensor for tensor in self._others if id(tensor) in known]
        self._places = _Places([])
        self._versions: list[int] = []
        self._small = sum(tensor.nbytes for tensor in copied) <= _ALWAYS_COPIED
        self._chosen, self._choices = chosen, len(chosen)
        self._taken = False

    def take(self) -> None:
        """Copies what they are now."""
        self._taken = True
        for group in self._groups:
            group.take()
        self._places = _Places(self._large)
        self._versions = [_version(tensor) for tensor in self._others]

    @property
    def free(self) -> bool:
        """Whether the same tensors may be copied once more: small ones, which lie where they lay, and no more chosen.

        What is not to be used again holds on to memory that the model may have given back meanwhile.
        """
        if self._taken or not self._small or len(self._chosen) != self._choices:
            return False
        return all(group.places.same for group in self._groups)

    def put_back(self, note: Note | None) -> list[Tensor]:
        """Makes all of them what they were, and returns those that were changed and of which there is no copy."""
        with torch.no_grad():
            for group in self._groups:
                group.put_back(note)
        self._places.settle()
        were = zip(self._others, self._versions, strict=True)
        return [tensor for tensor, version in were if _version(tensor) != version]

    def release(self) -> None:
        """The copies are needed no longer."""
        for group in self._groups:
            group.release()
        self._places = _Places([])
        self._taken = False


def _copied(tensors: Sequence[Tensor], chosen: Set[int]) -> Sequence[Tensor]:
    """The tensors to copy: the smallest ones, which together take no more than 64 KiB, and the chosen."""
    sizes = [tensor.nbytes for tensor in tensors]
    total = sum(sizes)
    if total <= _ALWAYS_COPIED:
        return tensors
    large = set()
    for place in sorted(range(len(sizes)), key=sizes.__getitem__, reverse=True):
        if total <= _ALWAYS_COPIED:
            break
        total -= sizes[place]
        large.add(place)
    return [each for place, each in enumerate(tensors) if place not in large or id(each) in chosen]


def _moved(tensor: Tensor, alias: Tensor, pointer: int) -> bool:
    """Whether a tensor is no longer where and of what shape its alias was made."""
    return tensor.data_ptr() != pointer or tensor.shape != alias.shape or tensor.dtype is not alias.dtype


def _bits(values: Tensor) -> np.ndarray:
    found: np.ndarray = values.view(_BITS[values.element_size()]).numpy()
    return found


def _equal(one: Tensor, other: Tensor) -> bool:
    """By torch, for NumPy would fix the size of what the model's own tensors lie in."""
    if one.shape != other.shape or one.dtype is not other.dtype:
        return False
    bits = _BITS[one.element_size()]
    return torch.equal(one.reshape(-1).view(bits), other.reshape(-1).view(bits))


def _version(tensor: Tensor) -> int:
    return 0 if tensor.is_inference() else tensor._version
