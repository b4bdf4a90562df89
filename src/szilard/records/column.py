"""One array of a record: its shape, its document in Zarr v3, and how a value becomes strict JSON.

Chunks hold 1,024 records of raw little-endian numbers. The documents are the ones that zarr-python itself would write
(the tests compare them). They are written by hand because a commit through zarr-python takes some 150 ms, and a thread
of its own inside the training process; this takes a fifth of it, and none. Source: the Zarr v3 specification.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from szilard.errors import RecordError
from szilard.records.strict_json import number

CHUNK = 1024
"""Records in one chunk."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")

Document = dict[str, Any]


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
        """Whether it has one value for every record."""
        return self.dims[0] == "step"

    @property
    def dtype(self) -> str:
        """NumPy's name of what the chunks hold."""
        return "<i8" if self.integer else "<f8"

    @property
    def fill(self) -> float | int:
        """What stands for a value that is not there."""
        return -1 if self.integer else float("nan")

    @property
    def chunk(self) -> tuple[int, ...]:
        """The shape of one chunk."""
        return (CHUNK, *self.shape) if self.grows else self.shape

    def chunk_name(self, chunk: int) -> str:
        """The path of a chunk below its array: ``c/3`` or ``c/3/0``."""
        return "/".join(("c", str(chunk), *("0" for _ in self.chunk[1:])))

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

    def document(self, length: int) -> Document:
        """The array's ``zarr.json`` when it holds ``length`` records."""
        return {
            "shape": [length, *self.shape] if self.grows else list(self.shape),
            "data_type": "int64" if self.integer else "float64",
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(self.chunk)}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": -1 if self.integer else "NaN",
            "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
            "attributes": dict(self.attributes),
            "dimension_names": list(self.dims),
            "zarr_format": 3,
            "node_type": "array",
            "storage_transformers": [],
        }

    @classmethod
    def from_document(cls, path: str, document: Document) -> tuple[Column, int]:
        """The column and the number of records (0 for a coordinate) that an array's ``zarr.json`` tells of.

        Raises:
            RecordError: if it is stored in any way that szilard does not write; nothing else is ever decoded.
        """
        try:
            dims, shape = tuple(document["dimension_names"]), tuple(document["shape"])
            length = shape[0] if dims[0] == "step" else 0
            column = cls(
                check_name(path.partition("/")[2]), dims, shape[1:] if dims[0] == "step" else shape,
                {"int64": True, "float64": False}[document["data_type"]], dict(document["attributes"]),
            )  # fmt: skip
            expected = column.document(length)
            sound = all(document[key] == expected[key] for key in expected if key not in ("attributes", "fill_value"))
            sound = sound and all(type(extent) is int and extent >= 0 for extent in shape)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            sound = False
        if not sound:
            raise RecordError(f"array {path!r} is stored in a way that szilard does not write: was the store edited?")
        return column, length


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
