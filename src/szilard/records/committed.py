"""Reading what was committed: the arrays as the consolidated root tells of them.

They are plain numbers under the one codec that szilard uses, in files that are read as they are: Zarr is not loaded, no
other codec is ever looked up and no object decoded, so nothing in a store can run.

Joining a journal to the commit it follows: every row once, in order, whatever the moment it was interrupted.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from szilard.errors import RecordError, SzilardWarning
from szilard.records.checksum import CODEC
from szilard.records.chunks import LITTLE_ENDIAN, check_files, read_chunk, read_rows
from szilard.records.column import Column, Packed, check_name, growing, pack_row
from szilard.records.described import check_description
from szilard.records.journal import Contents
from szilard.records.root import IDENTITY, Document, check_listed, read_root, store_of

WRITTEN = {
    "zarr_format": 3,
    "node_type": "array",
    "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
}
"""What szilard writes of every array."""
PLAIN = [{"name": "bytes", "configuration": {"endian": "little"}}]
"""The codecs of numbers as they are; :data:`~szilard.records.checksum.CODEC` follows where they have checksums."""


@dataclass(frozen=True, slots=True)
class StoredArray:
    """One array of a store: what it is, and how its numbers lie in files.

    Attributes:
        column: what it is.
        shape: its extents at the commit (on disk it may be longer).
        chunk: extents of one chunk; along all dimensions but the first it spans the array.
        checked: whether its chunks have checksums.
    """

    column: Column
    shape: tuple[int, ...]
    chunk: tuple[int, ...]
    checked: bool = False

    def read_chunk(self, file: Path) -> NDArray[Any]:
        """The numbers of one chunk, those beyond the array's end included.

        Raises:
            OSError: if it cannot be read.
            RecordError: if it is cut short or damaged.
        """
        return read_chunk(file, self)


@dataclass(frozen=True, slots=True)
class Committed:
    """A store at one commit.

    Attributes:
        path: of the store.
        attributes: of the root.
        arrays: of each group its arrays by name.
        columns: what the arrays are.
        lengths: of each group the number of records.
    """

    path: Path
    attributes: dict[str, Any]
    arrays: dict[str, dict[str, StoredArray]]
    columns: dict[str, dict[str, Column]]
    lengths: dict[str, int]

    def values(self, group: str, name: str) -> NDArray[Any]:
        """All values of a column.

        Raises:
            RecordError: naming the array, if a chunk is missing or cut short.
        """
        return self.rows(group, name, 0, self.arrays[group][name].shape[0])

    def rows(self, group: str, name: str, start: int, stop: int) -> NDArray[Any]:
        """Values of a column from one row up to another.

        Raises:
            RecordError: naming the array, if a chunk is missing or cut short.
        """
        return read_rows(self._where(group, name), self.path / group / name, self.arrays[group][name], start, stop)

    def check_fixed(self) -> None:
        """Sees that what does not grow is there: it says how much room a row takes.

        Raises:
            RecordError: naming the array, if it is not.
        """
        for group, arrays in self.arrays.items():
            for name, array in arrays.items():
                if not array.column.grows and array.shape[0]:
                    try:
                        check_files(self._where(group, name), self.path / group / name, array, 0, 1)
                    except OSError as error:
                        raise RecordError(
                            f"{self._where(group, name)} cannot be read: {error.strerror or error}."
                        ) from error

    def _where(self, group: str, name: str) -> str:
        return f"array '{group}/{name}' of the record {self.path.parent}"


def load_committed(path: Path) -> Committed:
    """The last commit of the record in directory ``path``.

    Raises:
        RecordError: if there is no record, it is damaged, or it was written by a newer szilard.
    """
    store = store_of(path)
    attributes, documents = read_root(path)
    arrays: dict[str, dict[str, StoredArray]] = {}
    for place, document in documents.items():
        _check_document(place, document)
        group, _, name = place.partition("/")
        found = arrays.setdefault(group, {})
        if name:
            found[name] = _array(store, place, document)
    columns = {group: {name: array.column for name, array in found.items()} for group, found in arrays.items()}
    for group, found in arrays.items():
        _check_group(path, group, found)
    check_listed(store, documents)
    lengths = {group: found["step"].shape[0] for group, found in arrays.items()}
    committed = Committed(store, attributes, arrays, columns, lengths)
    committed.check_fixed()
    return committed


def _array(store: Path, place: str, document: Document) -> StoredArray:
    """What a document says of an array.

    Raises:
        RecordError: if it does not hang together, or its dimensions have no names.
    """
    names = tuple(name for name in document.get("dimension_names") or () if name and isinstance(name, str))
    try:
        shape = _extents(document["shape"], least=0)
        chunk = _extents(document["chunk_grid"]["configuration"]["chunk_shape"], least=1)
        if len(chunk) != len(shape) or chunk[1:] != tuple(max(extent, 1) for extent in shape[1:]):
            raise ValueError(f"chunks of {chunk} in an array of {shape}")
        attributes = check_description(document.get("attributes", {}))
    except (KeyError, TypeError, ValueError) as error:
        raise RecordError(f"{store}/zarr.json is damaged: restore the record from a copy ({error}).") from error
    if not names or len(names) != len(shape):
        raise RecordError(f"array {place!r} has dimensions without names: was the store edited?")
    inner = shape[1:] if names[0] == "step" else shape
    column = Column(place.partition("/")[2], names, inner, document["data_type"] == "int64", attributes)
    if len(shape) > 1 and names[0] != "step":
        raise RecordError(f"array {place!r} has several dimensions and does not grow: was the store edited?")
    return StoredArray(column, shape, chunk, CODEC in document["codecs"])


def _extents(given: Any, least: int) -> tuple[int, ...]:
    """Extents as whole numbers.

    Raises:
        TypeError, ValueError: if they are none.
    """
    if not isinstance(given, list) or not given:
        raise TypeError(f"extents {given!r}")
    for extent in given:
        if type(extent) is not int or extent < least:
            raise ValueError(f"an extent of {extent!r}")
    return tuple(given)


def _check_document(name: str, document: Document) -> None:
    """Refuses what szilard does not write."""
    if not isinstance(document, dict):
        raise RecordError(f"the document of {name!r} is damaged: restore the record from a copy.")
    parts = name.split("/")
    for part in parts:
        check_name(part)
    if len(parts) == 1:
        plain = document.get("zarr_format") == 3 and document.get("node_type") == "group"
        plain = plain and isinstance(document.get("attributes", {}), dict)
    else:
        plain = len(parts) == 2 and document.get("data_type") in tuple(LITTLE_ENDIAN)
        plain = plain and all(document.get(key) == value for key, value in WRITTEN.items())
        plain = plain and document.get("codecs") in (PLAIN, [*PLAIN, CODEC])
    if not plain:
        raise RecordError(f"array {name!r} is stored in a way that szilard does not write: was the store edited?")


def _check_group(path: Path, group: str, arrays: Mapping[str, StoredArray]) -> None:
    if "step" not in arrays:
        raise RecordError(f"group {group!r} of the record {path} lacks its array 'step': restore it from a copy.")
    for name, array in arrays.items():
        column = array.column
        if not column.grows:
            continue
        if array.shape[0] != arrays["step"].shape[0]:
            raise RecordError(
                f"array '{group}/{name}' of {path} has another length than its group: was the store edited?"
            )
        for dim, extent in zip(column.dims[1:], column.shape, strict=True):
            if dim not in arrays or arrays[dim].column.shape != (extent,):
                raise RecordError(f"array '{group}/{name}' of {path} does not fit its dimension {dim!r}.")


def merge(committed: Committed, journal: Contents) -> dict[str, list[Packed]]:
    """The journal's rows beyond the commit, by group, packed and complete.

    The journal must have been read before the commit: a row that leaves it meanwhile is then in the commit, and a row
    that is in both is known by its index. Damaged lines are left out with a warning.
    """
    damaged = len(journal.unreadable)
    columns = {group: growing(found) for group, found in committed.columns.items()}
    rows: dict[str, dict[int, Packed]] = {group: {} for group in committed.columns}
    for row in journal.belonging_to(committed.attributes.get(IDENTITY)).rows:
        try:
            if row.index >= committed.lengths[row.group]:
                rows[row.group][row.index] = pack_row(row.group, columns[row.group], row.values["step"], row.values)
        except (KeyError, RecordError):
            damaged += 1
    if damaged:
        warnings.warn(
            f"{damaged} damaged line(s) in the journal of the record {committed.path.parent} were left out: "
            "the rows they held are lost.",
            SzilardWarning,
            stacklevel=3,
        )
    return {group: [found[index] for index in sorted(found)] for group, found in rows.items()}
