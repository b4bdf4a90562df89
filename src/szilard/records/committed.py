"""Reading what was committed: the arrays as Zarr's consolidated root tells of them.

They are plain numbers under the one codec that szilard uses, and that is checked before Zarr sees them: no other codec
is ever looked up and no object decoded, so nothing in a store can run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from szilard.errors import RecordError
from szilard.records.column import Column, check_name
from szilard.records.root import DIRECTORY, Document, read_root

BYTES = {"name": "bytes", "configuration": {"endian": "little"}}


@dataclass(frozen=True, slots=True)
class Committed:
    """A store at one commit.

    Attributes:
        path: of the store.
        root: Zarr's handle of it.
        attributes: of the root.
        arrays: of each group its arrays by name, at the committed length (on disk they may be longer).
        columns: what the arrays are.
        lengths: of each group the number of records.
    """

    path: Path
    root: zarr.Group
    attributes: dict[str, Any]
    arrays: dict[str, dict[str, zarr.Array]]
    columns: dict[str, dict[str, Column]]
    lengths: dict[str, int]

    def values(self, group: str, name: str, first_chunk: int = 0) -> NDArray[Any]:
        """The values of a column, from a chunk on.

        Raises:
            RecordError: naming the array, if a chunk is missing or cut short.
        """
        array = self.arrays[group][name]
        where = f"array '{group}/{name}' of the record {self.path.parent}"
        try:
            for chunk in range(first_chunk, -(-array.shape[0] // array.chunks[0])):
                self._check_chunk(where, array, chunk)
            return np.asarray(array[first_chunk * array.chunks[0] :])
        except OSError as error:
            raise RecordError(f"{where} cannot be read: {error.strerror or error}.") from error

    def _check_chunk(self, where: str, array: zarr.Array, chunk: int) -> None:
        """Zarr takes a chunk that is not there for one that was never filled; here every one is."""
        key = array.metadata.encode_chunk_key((chunk, *(0 for _ in array.shape[1:])))
        file = self.path / array.path / key
        if not file.is_file():
            raise RecordError(f"{where} lacks its chunk {chunk}: restore the file {file.name} from a copy.")
        size, expected = file.stat().st_size, prod(array.chunks) * array.dtype.itemsize
        if size != expected:
            raise RecordError(
                f"{where} is damaged: chunk {chunk} holds {size} bytes instead of {expected}; "
                "restore the record from a copy or run again."
            )


def load_committed(path: Path, *, writable: bool = False) -> Committed:
    """The last commit of the record in directory ``path``.

    Raises:
        RecordError: if there is no record, it is damaged, or it was written by a newer szilard.
    """
    for name, document in read_root(path)[1].items():
        _check_document(name, document)
    store = path / DIRECTORY
    try:
        root = zarr.open_group(store, mode="r+" if writable else "r", zarr_format=3, use_consolidated=True)
        arrays = {group: dict(node.arrays()) for group, node in root.groups()}
    except OSError as error:
        raise RecordError(f"the record {path} cannot be read: {error.strerror or error}.") from error
    except Exception as error:  # whatever Zarr may say of a document that was tampered with
        raise RecordError(f"{store}/zarr.json is damaged: restore the record from a copy ({error}).") from error
    columns = {group: {name: Column.of(array) for name, array in found.items()} for group, found in arrays.items()}
    for group, found in columns.items():
        _check_group(path, group, found, arrays[group])
    lengths = {group: found["step"].shape[0] for group, found in arrays.items()}
    return Committed(store, root, root.attrs.asdict(), arrays, columns, lengths)


def _check_document(name: str, document: Document) -> None:
    """Refuses what szilard does not write, before Zarr looks for a codec or a type by its name."""
    for part in name.split("/"):
        check_name(part)
    group, version = "/" not in name, document.get("zarr_format")
    plain = document.get("data_type") in ("int64", "float64") and document.get("codecs") == [BYTES]
    if version != 3 or document.get("node_type") != ("group" if group else "array") or not (group or plain):
        raise RecordError(f"array {name!r} is stored in a way that szilard does not write: was the store edited?")


def _check_group(path: Path, group: str, columns: Mapping[str, Column], arrays: Mapping[str, zarr.Array]) -> None:
    if "step" not in columns:
        raise RecordError(f"group {group!r} of the record {path} lacks its array 'step': restore it from a copy.")
    for name, column in columns.items():
        if not column.grows:
            continue
        if arrays[name].shape[0] != arrays["step"].shape[0]:
            raise RecordError(
                f"array '{group}/{name}' of {path} has another length than its group: was the store edited?"
            )
        for dim, extent in zip(column.dims[1:], column.shape, strict=True):
            if dim in columns and columns[dim].shape != (extent,):
                raise RecordError(f"array '{group}/{name}' of {path} does not fit its dimension {dim!r}.")
