"""How a record lies in Zarr v3: a group of arrays for each group of the schema, in chunks of 1,024 records."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from szilard.errors import RecordError
from szilard.records.column import Column, check_name
from szilard.records.committed import StoredArray
from szilard.records.files import array_document, group_document, put_document, put_rows
from szilard.records.root import Document
from szilard.records.schema import Group, Variable

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
    documents = {check_name(group.name): group_document(attributes)}
    for column in columns:
        extents = tuple(max(extent, 1) for extent in column.shape)
        shape = (0, *column.shape) if column.grows else column.shape
        array = StoredArray(column, shape, (CHUNK, *extents) if column.grows else extents)
        place = f"{group.name}/{column.name}"
        documents[place] = array_document(column, array.shape, array.chunk)
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
