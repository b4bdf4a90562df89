"""How a record lies in Zarr v3: a group of columns for each group of the schema, consolidated at the root.

Source: the Zarr v3 specification; the consolidated metadata are zarr-python's inline convention.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from szilard.errors import RecordError
from szilard.records.column import Column, Document, check_name
from szilard.records.schema import Group, Variable


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
    return tuple(columns)


def root_document(attributes: Mapping[str, Any], groups: Mapping[str, Mapping[str, Document]]) -> Document:
    """The root's ``zarr.json``: attributes and every array of every group, consolidated. Replacing it is the commit.

    Args:
        attributes: of the record.
        groups: of each group the documents of its arrays, by name.
    """
    metadata: Document = {}
    for group, documents in groups.items():
        metadata[group] = group_document() | {"consolidated_metadata": _inline({})}
        metadata |= {f"{group}/{name}": document for name, document in documents.items()}
    return group_document() | {"attributes": dict(attributes), "consolidated_metadata": _inline(metadata)}


def group_document() -> Document:
    """The ``zarr.json`` of a group without attributes."""
    return {"attributes": {}, "zarr_format": 3, "node_type": "group"}


def _inline(metadata: Document) -> Document:
    return {"kind": "inline", "must_understand": False, "metadata": metadata}


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
