"""Records and coordinates, checked against their columns and packed as strict JSON can hold them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from szilard.errors import RecordError, nearest
from szilard.records.column import Column

Packed = dict[str, Any]


def pack_row(group: str, columns: Mapping[str, Column], step: int, row: Mapping[str, Any]) -> Packed:
    """Every growing column's value: NaN (-1 for integers) where the row has none.

    Args:
        group: the group's name, for messages.
        columns: that grow, ``step`` among them.
        step: the training step.
        row: values by column.

    Raises:
        RecordError: if a column does not exist or a value does not fit.
    """
    if not row.keys() <= columns.keys():
        name = next(iter(row.keys() - columns.keys()))
        raise RecordError(f"group {group!r} has no column {name!r}: {nearest(name, columns)}")
    packed: Packed = {}
    for name, column in columns.items():
        value = row.get(name)
        if type(value) is float and isfinite(value) and not column.shape and not column.integer:
            packed[name] = value  # the common case: this runs at every record
            continue
        try:
            packed[name] = column.missing if value is None else column.pack(value)
        except (TypeError, ValueError, OverflowError, RuntimeError) as error:
            raise RecordError(
                f"{group}/{name} at step {step} does not fit its column of shape {column.shape}: {error}."
            ) from error
    packed["step"] = int(step)
    return packed


def pack_coordinate(group: str, name: str, columns: Mapping[str, Column], values: Sequence[float]) -> list[Any]:
    """New values of a dimension.

    Args:
        group: the group's name, for messages.
        name: of the dimension.
        columns: of the group.
        values: one for each of its places.

    Raises:
        RecordError: if there is no such dimension, or there are too few or too many values.
    """
    column = columns.get(name)
    if column is None or column.grows:
        raise RecordError(f"the record has no dimension {name!r} in group {group!r}: its values cannot be set.")
    try:
        return list(column.pack(values))
    except (TypeError, ValueError, OverflowError) as error:
        raise RecordError(f"the values of dimension {group}/{name} do not fit: {error}.") from error
