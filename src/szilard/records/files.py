"""The files of a store: documents of Zarr v3 and chunks of plain numbers, each put in place whole.

They are written as zarr-python writes them, byte for byte, but without it: a commit to a record of fifty arrays takes
a few hundredths of a second of processor time, through Zarr's event loop a quarter of one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from szilard.records.column import Column
from szilard.records.committed import LITTLE_ENDIAN, WRITTEN, StoredArray
from szilard.records.root import Document

METADATA = "zarr.json"
"""The name of every document."""


def group_document(attributes: Mapping[str, Any]) -> Document:
    """What Zarr v3 wants to know of a group."""
    return {"attributes": dict(attributes), "zarr_format": 3, "node_type": "group"}


def array_document(column: Column, shape: tuple[int, ...], chunk: tuple[int, ...]) -> Document:
    """What Zarr v3 wants to know of an array of these extents."""
    return {
        "shape": list(shape),
        "data_type": column.dtype,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(chunk)}},
        "chunk_key_encoding": WRITTEN["chunk_key_encoding"],
        "fill_value": -1 if column.integer else "NaN",
        "codecs": WRITTEN["codecs"],
        "attributes": dict(column.attributes),
        "dimension_names": list(column.dims),
        "zarr_format": WRITTEN["zarr_format"],
        "node_type": WRITTEN["node_type"],
        "storage_transformers": [],
    }


def root_document(attributes: Mapping[str, Any], documents: Mapping[str, Document]) -> Document:
    """The root's document, in which those of all its groups and arrays (by path) are gathered."""
    inner = {path: documents[path] for path in sorted(documents, key=_depth)}
    for path, document in inner.items():
        if document["node_type"] == "group":
            inner[path] = _gathered(document["attributes"], {})
    return _gathered(attributes, inner)


def _gathered(attributes: Mapping[str, Any], documents: Mapping[str, Document]) -> Document:
    return {
        "attributes": dict(attributes),
        "zarr_format": 3,
        "consolidated_metadata": {"kind": "inline", "must_understand": False, "metadata": dict(documents)},
        "node_type": "group",
    }


def _depth(path: str) -> tuple[int, str]:
    return path.count("/"), path


def put_document(directory: Path, document: Document) -> None:
    """Writes the document of a group or an array into its directory.

    Raises:
        OSError: if it cannot be written; what lay there stays.
    """
    put(directory / METADATA, json.dumps(document, indent=2).encode())


def put_rows(directory: Path, array: StoredArray, start: int, values: NDArray[Any]) -> None:
    """Writes rows into the chunks of an array, from row ``start`` on; what is beyond them becomes the fill value.

    Raises:
        OSError: if they cannot be written, or a chunk that is to be continued cannot be read.
        ValueError: if such a chunk has another size.
    """
    length, end = array.chunk[0], start + len(values)
    for index in range(start // length, -(-end // length)):
        file = chunk_file(directory, index, len(array.chunk))
        first = index * length
        chunk = np.full(array.chunk, array.column.fill, array.column.dtype)
        if first < start:
            chunk[: start - first] = array.read_chunk(file)[: start - first]
        inside = values[max(first - start, 0) : first + length - start]
        at = max(start - first, 0)
        chunk[(slice(at, at + len(inside)), *map(slice, values.shape[1:]))] = inside
        put(file, chunk.astype(LITTLE_ENDIAN[array.column.dtype], copy=False).tobytes())


def chunk_file(directory: Path, index: int, dimensions: int) -> Path:
    """The file of a chunk: arrays are divided along their first dimension only."""
    return directory.joinpath("c", str(index), *("0",) * (dimensions - 1))


def put(file: Path, data: bytes) -> None:
    """Puts a file in place whole: readers see what was there before, or all of it.

    Raises:
        OSError: if it cannot be written; what lay there stays.
    """
    partial = file.with_name(f"{file.name}.partial")
    try:
        try:
            written = partial.open("wb")
        except FileNotFoundError:
            file.parent.mkdir(parents=True)
            written = partial.open("wb")
        with written:
            written.write(data)
        partial.replace(file)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
