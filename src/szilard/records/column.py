"""One array of a record: its shape, and how a value becomes strict JSON, as the journal needs it.

Rows and coordinates are checked against their columns before they are packed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from szilard.errors import RecordError, nearest
from szilard.records.strict_json import number

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Column:
    """One array of a record: a value, or a vector of them, for every record; or a coordinate, which does not grow.

    Attributes:
        name: of the array.
        dims: names of its dimensions; ``step`` first where it grows.
        shape: its extent along every dimension but ``step``.
        integer: int64 where it is true, float64 otherwise.
        attributes: JSON, stored with the array.
    """

    name: str
    dims: tuple[str, ...]
    shape: tuple[int, ...] = ()
    integer: bool = False
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def grows(self) -> bool:
        """Whether it has one value for every record, along ``step``."""
        return self.dims[0] == "step"

    @property
    def dtype(self) -> str:
        """The name that NumPy and Zarr give to what it holds."""
        return "int64" if self.integer else "float64"

    @property
    def fill(self) -> float | int:
        """What stands in the array for a value that is not there."""
        return -1 if self.integer else float("nan")

    @property
    def missing(self) -> Any:
        """The packed form of a value that is not there."""
        value: Any = -1 if self.integer else None
        for extent in reversed(self.shape):
            value = [value] * extent
        return value

    def pack(self, value: Any) -> Any:
        """``value`` as strict JSON can hold it: numbers, None for NaN, lists where the column has dimensions.

        Raises:
            ValueError, TypeError, OverflowError: if it does not fit.
        """
        return _pack(value, self.shape, self.integer)


def growing(columns: Mapping[str, Column]) -> dict[str, Column]:
    """The columns that have a value for each record, by name."""
    return {name: column for name, column in columns.items() if column.grows}


def check_name(name: str) -> str:
    """``name``, if it is a plain identifier: it becomes part of a path.

    Raises:
        RecordError: if it is not.
    """
    if not _NAME.fullmatch(name):
        raise RecordError(f"{name!r} cannot name a part of a record: use letters, digits and underscores.")
    return name


def _pack(value: Any, shape: tuple[int, ...], integer: bool) -> Any:
    if not shape:
        if value is None or value != value:
            return -1 if integer else None
        return _whole(value) if integer else number(float(value))
    items = value.tolist() if hasattr(value, "tolist") else list(value)
    if len(items) != shape[0]:
        raise ValueError(f"{len(items)} values where {shape[0]} belong")
    if not integer and set(map(type, items)) == {float} and all(map(isfinite, items)):
        return items  # the common case, without a call for every number
    return [_pack(item, shape[1:], integer) for item in items]


def _whole(value: Any) -> int:
    whole = int(value)
    if whole != value or not -(2**63) <= whole < 2**63:
        raise ValueError(f"{value!r} is no 64-bit integer")
    return whole


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
