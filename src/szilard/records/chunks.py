"""Reading the numbers of an array from the files of its chunks: as many as are asked for, each file once."""

from __future__ import annotations

import io
import os
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from szilard.errors import RecordError

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
        RecordError: if a chunk is missing, cut short, or cannot be read.
    """
    length, inner = array.chunk[0], tuple(map(slice, array.shape[1:]))
    first, beyond = start // length, -(-stop // length)
    if beyond <= first:
        return np.empty((0, *array.shape[1:]), array.column.dtype)
    key = ("0",) * (len(array.chunk) - 1)
    if not directory.joinpath(
        "c", str(beyond - 1), *key
    ).is_file():  # before room is made for what an edited root promises
        raise _lacking(
            where, next(n for n in range(first, beyond) if not directory.joinpath("c", str(n), *key).is_file())
        )
    numbers = np.empty(((beyond - first) * length, *array.chunk[1:]), LITTLE_ENDIAN[array.column.dtype])
    top, below = f"{directory}{os.sep}c{os.sep}", "".join(f"{os.sep}{part}" for part in key)
    try:
        for at, chunk in enumerate(range(first, beyond)):
            _read_chunk(where, f"{top}{chunk}{below}", chunk, numbers[at * length : (at + 1) * length])
    except OSError as error:
        raise RecordError(f"{where} cannot be read: {error.strerror or error}.") from error
    return numbers.astype(array.column.dtype, copy=False)[
        (slice(start - first * length, stop - first * length), *inner)
    ]


def _read_chunk(where: str, file: str, chunk: int, into: NDArray[Any]) -> None:
    """Zarr takes a chunk that is not there for one that was never filled; here every one is, and whole."""
    try:
        opened = io.FileIO(file)  # a path would cost more than the reading
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise _lacking(where, chunk) from error
    with opened:
        size, expected = os.fstat(opened.fileno()).st_size, prod(into.shape) * 8
        if size != expected or opened.readinto(into.data.cast("B")) != expected:
            raise RecordError(
                f"{where} is damaged: chunk {chunk} holds {size} bytes instead of {expected}; "
                "restore the record from a copy or run again."
            )


def _lacking(where: str, chunk: int) -> RecordError:
    return RecordError(f"{where} lacks its chunk {chunk}: restore the file {chunk} from a copy.")
