"""Reading the numbers of an array from the files of its chunks: as many as are asked for, each file once.

What a record promises is held against the sizes of its files before room is made for it.
"""

from __future__ import annotations

import os
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from szilard.errors import RecordError
from szilard.records.checksum import CHECKSUM_BYTES, checksum
from szilard.records.regular import check_no_link, memory, open_regular, size_of

if TYPE_CHECKING:
    from szilard.records.committed import StoredArray

LITTLE_ENDIAN = {"int64": "<i8", "float64": "<f8"}
"""The types of numbers, as they lie in files."""


def read_rows(where: str, directory: Path, array: StoredArray, start: int, stop: int) -> NDArray[Any]:
    """Rows ``start`` to ``stop`` of an array, along its first dimension.

    Args:
        where: the array in words, for messages.
        directory: of the array in the store.
        array: what it is.
        start: the first row.
        stop: the row after the last one; at most the array's length.

    Raises:
        RecordError: if a chunk is missing, cut short, damaged, no plain file, or cannot be read.
    """
    length, inner = array.chunk[0], tuple(map(slice, array.shape[1:]))
    first, beyond = start // length, -(-stop // length)
    if beyond <= first:
        return np.empty((0, *array.shape[1:]), array.column.dtype)
    try:
        check_files(where, directory, array, first, beyond)
        numbers = np.empty(((beyond - first) * length, *array.chunk[1:]), LITTLE_ENDIAN[array.column.dtype])
        for at, chunk in enumerate(range(first, beyond)):
            file = chunk_path(str(directory), chunk, len(array.chunk))
            _read_chunk(where, file, chunk, numbers[at * length : (at + 1) * length], array.checked)
    except OSError as error:
        raise RecordError(f"{where} cannot be read: {error.strerror or error}.") from error
    return numbers.astype(array.column.dtype, copy=False)[
        (slice(start - first * length, stop - first * length), *inner)
    ]


def chunk_path(directory: str, index: int, dimensions: int) -> str:
    """The file of a chunk: arrays are divided along their first dimension only. A Path would cost more."""
    return f"{directory}{os.sep}c{os.sep}{index}" + f"{os.sep}0" * (dimensions - 1)


def check_files(where: str, directory: Path, array: StoredArray, first: int, beyond: int) -> None:
    """Holds the sizes of files against what they are to hold.

    Zarr takes a chunk that is not there for one that was never filled; here every one is, and whole.

    Args:
        where, directory, array: as in :func:`read_rows`.
        first: the first chunk.
        beyond: the chunk after the last one.

    Raises:
        RecordError: if one is missing, no plain file, or of another size; if they do not fit into memory.
        OSError: if the system does not say.
    """
    dimensions, expected = len(array.chunk), size_of_chunk(array)
    check_no_link(str(directory.parents[2]), (*directory.parts[-3:], "c"))
    for chunk in range(first, beyond):
        file = chunk_path(str(directory), chunk, dimensions)
        check_no_link(f"{directory}{os.sep}c", (str(chunk), *("0",) * (dimensions - 2))[: dimensions - 1])
        try:
            size = size_of(file)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise _lacking(where, chunk) from error
        if size != expected:
            raise _damaged(where, chunk, f"holds {size} bytes instead of {expected}")
    if (beyond - first) * expected > memory():
        raise RecordError(f"{where} does not fit into the memory of this machine: open it on a larger one.")


def size_of_chunk(array: StoredArray) -> int:
    """Bytes of the file of a chunk."""
    return prod(array.chunk) * 8 + (CHECKSUM_BYTES if array.checked else 0)


def read_chunk(file: Path, array: StoredArray) -> NDArray[Any]:
    """The numbers of one chunk, those beyond the array's end included.

    Raises:
        OSError: if it cannot be read.
        RecordError: if it is cut short or damaged.
    """
    numbers = np.empty(array.chunk, LITTLE_ENDIAN[array.column.dtype])
    _read_chunk(f"the file {file}", str(file), int(file.parts[-len(array.chunk)]), numbers, array.checked)
    return numbers.astype(array.column.dtype, copy=False)


def _read_chunk(where: str, file: str, chunk: int, into: NDArray[Any], checked: bool) -> None:
    try:
        opened = open_regular(file)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise _lacking(where, chunk) from error
    with opened:
        expected = into.nbytes
        found = opened.readinto(into.data.cast("B"))
        kept = opened.read(CHECKSUM_BYTES) if checked else b""
        if found != expected or (checked and len(kept) != CHECKSUM_BYTES):
            raise _damaged(where, chunk, f"is cut short after {(found or 0) + len(kept)} bytes")
        if checked and checksum(into) != kept:
            raise _damaged(where, chunk, "does not have its checksum any more")


def _lacking(where: str, chunk: int) -> RecordError:
    return RecordError(f"{where} lacks its chunk {chunk}: restore the file {chunk} from a copy.")


def _damaged(where: str, chunk: int, how: str) -> RecordError:
    return RecordError(f"{where} is damaged: chunk {chunk} {how}; restore the record from a copy or run again.")
