"""How a record lies in Zarr v3: a group of arrays for each group of the schema, in chunks of 1,024 records.

The files of a store are documents of Zarr v3 and chunks of plain numbers, each put in place whole. They are written as
zarr-python writes them, byte for byte, but without it: a commit to a record of fifty arrays takes a few hundredths of a
second of processor time, through Zarr's event loop a quarter of one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from szilard.errors import RecordError
from szilard.records.checksum import CODEC, checksum, wanted
from szilard.records.chunks import LITTLE_ENDIAN
from szilard.records.column import Column, check_name
from szilard.records.committed import PLAIN, WRITTEN, StoredArray
from szilard.records.root import Document
from szilard.records.schema import Group, Variable

METADATA = "zarr.json"
"""The name of every document."""
_SCALAR = json.JSONEncoder().encode


def group_document(attributes: Mapping[str, Any]) -> Document:
    """What Zarr v3 wants to know of a group."""
    return {"attributes": dict(attributes), "zarr_format": 3, "node_type": "group"}


def array_document(array: StoredArray) -> Document:
    """What Zarr v3 wants to know of an array."""
    column, shape, chunk = array.column, array.shape, array.chunk
    return {
        "shape": list(shape),
        "data_type": column.dtype,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(chunk)}},
        "chunk_key_encoding": WRITTEN["chunk_key_encoding"],
        "fill_value": -1 if column.integer else "NaN",
        "codecs": [*PLAIN, CODEC] if array.checked else PLAIN,
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
    put(directory / METADATA, _indented(document).encode())


def _indented(value: Any, margin: str = "\n") -> str:
    """What ``json.dumps(value, indent=2)`` returns; Python's own, a chain of generators, takes far longer."""
    inner = f"{margin}  "
    if isinstance(value, dict) and "data_type" in value:
        return _of_array(_SCALAR(value)).replace("\n", margin)
    if isinstance(value, dict) and value:
        items = ",".join([f"{inner}{_SCALAR(key)}: {_indented(item, inner)}" for key, item in value.items()])
        return f"{{{items}{margin}}}"
    if isinstance(value, list) and value:
        return f"[{','.join([inner + _indented(item, inner) for item in value])}{margin}]"
    return _SCALAR(value)


@lru_cache(maxsize=1024)
def _of_array(document: str) -> str:
    """An array's document, line by line: it stands in its own file, in the root, and alike in many records."""
    return json.dumps(json.loads(document), indent=2)


def put_rows(directory: Path, array: StoredArray, start: int, values: NDArray[Any]) -> None:
    """Writes rows into the chunks of an array, from row ``start`` on; what is beyond them becomes the fill value.

    Raises:
        OSError: if they cannot be written, or a chunk that is to be continued cannot be read.
        ValueError: if such a chunk has another size.
    """
    length, end = array.chunk[0], start + len(values)
    for index in range(start // length, -(-end // length)):
        file = chunk_file(directory, index, len(array.chunk))
        if not file.parent.is_dir():
            _make_below(directory, file.parent)
        first = index * length
        chunk = np.full(array.chunk, array.column.fill, array.column.dtype)
        if first < start:
            chunk[: start - first] = array.read_chunk(file)[: start - first]
        inside = values[max(first - start, 0) : first + length - start]
        at = max(start - first, 0)
        chunk[(slice(at, at + len(inside)), *map(slice, values.shape[1:]))] = inside
        data = chunk.astype(LITTLE_ENDIAN[array.column.dtype], copy=False).tobytes()
        put(file, data + checksum(data) if array.checked else data)


def _make_below(directory: Path, wanted: Path) -> None:
    """Makes directories below one that is there: a store that has vanished meanwhile is not made anew.

    Raises:
        OSError: if it is not there.
    """
    place = directory
    for part in wanted.relative_to(directory).parts:
        place = place / part
        place.mkdir(exist_ok=True)


def chunk_file(directory: Path, index: int, dimensions: int) -> Path:
    """The file of a chunk: arrays are divided along their first dimension only."""
    return directory.joinpath("c", str(index), *("0",) * (dimensions - 1))


def put(file: Path, data: bytes) -> None:
    """Puts a file in place whole: readers see what was there before, or all of it.

    Raises:
        OSError: if it cannot be written; what lay there stays.
    """
    partial = file.with_name(f"{file.name}.partial")
    if partial.is_symlink():  # it would be written through
        partial.unlink()
    try:
        with partial.open("wb") as written:
            written.write(data)
        partial.replace(file)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


CHUNK = 1024
"""Records in one chunk."""


def columns_of(group: Group) -> tuple[Column, ...]:
    """The columns of a group, ``step`` first and coordinates last.

    Raises:
        RecordError: if a dimension has no coordinate values.
    """
    columns = [Column("step", ("step",), integer=True, attributes={"long_name": "training step", "units": "step"})]
    for name, variable in group.columns():
        unknown = [dim for dim in variable.dims if dim not in group.coordinates]
        if unknown:
            raise RecordError(f"{group.name}/{name} has dimension {unknown[0]!r}, but its group gives it no values.")
        shape = tuple(len(group.coordinates[dim]) for dim in variable.dims)
        attributes = _attributes(name, variable)
        columns.append(Column(check_name(name), ("step", *variable.dims), shape, variable.integer, attributes))
    for name, values in group.coordinates.items():
        whole = all(isinstance(value, int) for value in values)
        columns.append(Column(check_name(name), (name,), (len(values),), whole))
    for name, (dim, labels) in group.labels.items():
        columns.append(Column(check_name(name), (dim,), (len(labels),), integer=True))
    return tuple(columns)


def lay_out(store: Path, group: Group, columns: Sequence[Column]) -> dict[str, Document]:
    """Writes the documents of a group and of its empty arrays below ``store``; the coordinates get their values.

    Numbers lie uncompressed, which is a little faster than Zarr's default and shows a chunk that was cut short.

    Returns:
        The documents, by the path of what they describe.

    Raises:
        OSError: if the disk is full or gone.
        RecordError: if a name cannot be part of a path.
    """
    # By this attribute xarray knows labels for coordinates.
    attributes = {"coordinates": " ".join(group.labels)} if group.labels else {}
    checked = wanted()
    documents = {check_name(group.name): group_document(attributes)}
    (store / group.name).mkdir()
    for column in columns:
        (store / group.name / column.name).mkdir()
        extents = tuple(max(extent, 1) for extent in column.shape)
        shape = (0, *column.shape) if column.grows else column.shape
        array = StoredArray(column, shape, (CHUNK, *extents) if column.grows else extents, checked)
        place = f"{group.name}/{column.name}"
        documents[place] = array_document(array)
        if not column.grows:
            values = group.labels[column.name][1] if column.name in group.labels else group.coordinates[column.name]
            put_rows(store / place, array, 0, np.array(values, dtype=column.dtype))
    for place, document in documents.items():
        put_document(store / place, document)
    return documents


def _attributes(name: str, variable: Variable) -> dict[str, Any]:
    """What an array says of itself; an error bar says whose it is and what it means."""
    if name != variable.name:
        return {
            "long_name": f"error bar of {variable.long_name}",
            "units": variable.units,
            "error_meaning": variable.error,
            "of": variable.name,
        }
    attributes = {
        "long_name": variable.long_name,
        "units": variable.units,
        "kind": None if variable.kind is None else str(variable.kind),
        "cumulative": variable.cumulative,
        "equation": variable.equation or None,
        "ancillary_variables": None if variable.error is None else f"{variable.name}_error",
        "error_meaning": variable.error,
    }
    return {key: item for key, item in attributes.items() if item is not None}
