"""Reading what was committed: plain numbers in the one encoding that szilard writes, and nothing else.

No codec is looked up and no object is decoded, so nothing in a store can run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from szilard.errors import RecordError
from szilard.records import strict_json
from szilard.records.column import CHUNK, Column, check_name
from szilard.records.schema import SCHEMA_VERSION

DIRECTORY = "record.zarr"
Values = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Committed:
    """The root of a store at one commit.

    Attributes:
        path: of the store.
        attributes: of the root.
        groups: of each group its columns by name.
        lengths: of each group the number of records.
    """

    path: Path
    attributes: dict[str, Any]
    groups: dict[str, dict[str, Column]]
    lengths: dict[str, int]

    def values(self, group: str, name: str, first_chunk: int = 0) -> Values:
        """The values of a column, from a chunk on.

        Raises:
            RecordError: naming the array, if a chunk is missing or cut short.
        """
        column, length = self.groups[group][name], self.lengths[group]
        if not column.grows:
            return self._chunk(group, column, 0)
        chunks = [self._chunk(group, column, chunk) for chunk in range(first_chunk, -(-length // CHUNK))]
        if not chunks:
            return np.empty((0, *column.shape), dtype=column.dtype)
        return np.concatenate(chunks)[: length - first_chunk * CHUNK]

    def _chunk(self, group: str, column: Column, chunk: int) -> Values:
        path = self.path / group / column.name / column.chunk_name(chunk)
        where = f"array '{group}/{column.name}' of the record {self.path.parent}"
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise RecordError(f"{where} lacks its chunk {chunk}: restore the file {path.name} from a copy.") from error
        except OSError as error:
            raise RecordError(f"{where} cannot be read: {error.strerror or error}.") from error
        expected = int(np.prod(column.chunk, dtype=np.int64)) * 8
        if len(data) != expected:
            raise RecordError(
                f"{where} is damaged: chunk {chunk} holds {len(data)} bytes instead of {expected}; "
                "restore the record from a copy or run again."
            )
        return np.frombuffer(data, dtype=column.dtype).reshape(column.chunk)


def is_record(path: Path) -> bool:
    """Whether a directory holds a record of szilard, of whatever version."""
    try:
        root = strict_json.loads((path / DIRECTORY / "zarr.json").read_bytes())
        return "schema_version" in root["attributes"] and "szilard_version" in root["attributes"]
    except (OSError, ValueError, KeyError, TypeError):
        return False


def load_committed(path: Path) -> Committed:
    """The last commit of the record in directory ``path``.

    Raises:
        RecordError: if there is no record, it is damaged, or it was written by a newer szilard.
    """
    store = path / DIRECTORY
    try:
        data = (store / "zarr.json").read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        what = "is not a record of szilard" if path.exists() else "does not exist"
        raise RecordError(f"{path} {what}: give the directory that holds {DIRECTORY}.") from error
    except OSError as error:
        raise RecordError(f"the record {path} cannot be read: {error.strerror or error}.") from error
    try:
        root = strict_json.loads(data)
        attributes, documents = root["attributes"], root["consolidated_metadata"]["metadata"]
        if not isinstance(attributes, dict) or not isinstance(documents, dict):
            raise TypeError("not mappings")
    except (ValueError, KeyError, TypeError) as error:
        raise RecordError(f"{store}/zarr.json is damaged: restore the record from a copy.") from error
    _check_version(path, attributes)
    groups: dict[str, dict[str, Column]] = {}
    lengths: dict[str, int] = {}
    for name, document in documents.items():
        group, slash, array = name.partition("/")
        if not slash:
            groups.setdefault(check_name(group), {})
            continue
        column, length = Column.from_document(check_name(group) + "/" + array, document)
        groups.setdefault(group, {})[column.name] = column
        if column.grows and lengths.setdefault(group, length) != length:
            raise RecordError(f"array {name!r} of {path} has another length than its group: was the store edited?")
    _check_groups(path, groups)
    return Committed(store, attributes, groups, lengths)


def _check_version(path: Path, attributes: Mapping[str, Any]) -> None:
    version = attributes.get("schema_version")
    if type(version) is not int:
        raise RecordError(f"{path} is not a record of szilard: its store has no schema_version.")
    if version > SCHEMA_VERSION:
        raise RecordError(
            f"{path} was written by szilard {attributes.get('szilard_version', 'of a later version')} "
            f"(schema {version}; this one reads up to {SCHEMA_VERSION}): upgrade szilard to open it."
        )


def _check_groups(path: Path, groups: Mapping[str, Mapping[str, Column]]) -> None:
    for group, columns in groups.items():
        if "step" not in columns:
            raise RecordError(f"group {group!r} of the record {path} lacks its array 'step': restore it from a copy.")
        for column in columns.values():
            for dim, extent in zip(column.dims[1:], column.shape, strict=True) if column.grows else ():
                if dim in columns and columns[dim].shape != (extent,):
                    raise RecordError(f"array '{group}/{column.name}' of {path} does not fit its dimension {dim!r}.")
