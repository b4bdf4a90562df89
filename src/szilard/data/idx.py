"""The IDX file format, in which MNIST and its kin are published: a magic number, the sizes, then the bytes."""

from __future__ import annotations

import math
import struct

import numpy as np
import numpy.typing as npt

from szilard.errors import DataError

UNSIGNED_BYTE = 0x08
"""The type code of all of MNIST's files."""


def parse(content: bytes, dimensions: int, where: str) -> npt.NDArray[np.uint8]:
    """The array that an IDX file of unsigned bytes holds.

    Args:
        content: the whole file: two zero bytes, the type code, the number of dimensions, each size as a big-endian
            32-bit integer, the bytes in C order.
        dimensions: how many the array should have: 3 for images, 1 for labels.
        where: the file's name, for error messages.

    Raises:
        DataError: if the content is no such file.
    """
    start = 4 + 4 * dimensions
    if len(content) < start or content[:4] != bytes([0, 0, UNSIGNED_BYTE, dimensions]):
        raise DataError(
            f"{where} is no IDX file of unsigned bytes in {dimensions} dimensions: delete it and try again."
        )
    sizes = struct.unpack(f">{dimensions}I", content[4:start])
    if len(content) - start != math.prod(sizes):
        promised = " × ".join(map(str, sizes))
        raise DataError(f"{where} promises {promised} bytes and holds {len(content) - start}: delete it and try again.")
    return np.frombuffer(content, np.uint8, offset=start).reshape(sizes)
