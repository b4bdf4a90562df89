"""Files of tensors that are known again for what was written: safetensors, with a checksum and their own name.

A disk that ran full, a copy that broke off, a file of another chunk or of another program: each is told from a file
that was written here, whatever numbers it holds. NaN alone tells nothing, since members may diverge.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from torch import Tensor

from szilard.records.regular import open_regular

_OPEN = b"0" * 8
"""What stands for the checksum while it is taken."""
_SEAL = "szilard"
"""The entry of a file's metadata that has its name and its checksum."""
_LONGEST_HEADER = 2**27
_BLOCK = 2**20


class DamagedError(Exception):
    """A file is not what was written under its name."""


def sealed(name: str, tensors: Mapping[str, Tensor]) -> bytes:
    """The contents of a file of tensors.

    Args:
        name: of the file.
        tensors: by name.
    """
    from safetensors.torch import save

    # safetensors refuses tensors that share memory: a ledger's first and last logits may be the same
    own = {key: value.detach().clone().contiguous() for key, value in tensors.items()}
    seal = f"{name} ".encode()
    data = bytearray(save(own, {_SEAL: f"{name} {_OPEN.decode()}"}))  # one entry: of several the order is chance
    place = data.index(seal + _OPEN) + len(seal)
    data[place : place + len(_OPEN)] = f"{zlib.crc32(data):08x}".encode()
    return bytes(data)


def check_sealed(path: Path) -> None:
    """Sees that a file is what :func:`sealed` made for it.

    Raises:
        DamagedError: if it is not, or cannot be read.
    """
    try:
        with open_regular(str(path)) as file:
            _check(file, path.name)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        if isinstance(error, KeyError | TypeError | AttributeError):
            raise DamagedError("it has no checksum") from error
        raise DamagedError(getattr(error, "strerror", None) or str(error) or type(error).__name__) from error


def _check(file: IO[bytes], name: str) -> None:
    begin = file.read(8)
    length = int.from_bytes(begin, "little")
    if len(begin) < 8 or length > _LONGEST_HEADER:
        raise ValueError("it has no header")
    header = file.read(length)
    written, _, checksum = json.loads(header)["__metadata__"][_SEAL].rpartition(" ")
    if written != name:
        raise ValueError(f"it was written as {written}")
    seal, kept = f"{name} ".encode(), checksum.encode()
    place = header.index(seal + kept) + len(seal)
    total = zlib.crc32(begin + header[:place] + _OPEN + header[place + len(kept) :])
    while block := file.read(_BLOCK):
        total = zlib.crc32(block, total)
    if kept != f"{total:08x}".encode():
        raise ValueError("it does not have its checksum any more")
