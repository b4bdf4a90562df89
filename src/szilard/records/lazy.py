"""Long records: their numbers stay in their files until they are asked for, so that opening one takes no memory."""

from __future__ import annotations

from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from xarray.backends.common import BackendArray
from xarray.core import indexing

from szilard.errors import RecordError
from szilard.records.committed import Committed
from szilard.records.root import IDENTITY, identity_of, record_of

LONG = 2**16
"""From so many rows on the numbers of a group are read when they are asked for."""


@final
class RowsOnDisk(BackendArray):
    """One column of a group as xarray takes it: what was committed, from its files, and behind it the journal's rows.

    Args:
        committed: the last commit when the record was opened; it does not change when the record grows.
        group: the group's name.
        name: of the column.
        behind: the journal's rows.
    """

    def __init__(self, committed: Committed, group: str, name: str, behind: NDArray[Any]) -> None:
        array = committed.arrays[group][name]
        self._committed, self._group, self._name, self._behind = committed, group, name, behind
        self._length = array.shape[0]
        self.shape = (self._length + len(behind), *array.shape[1:])
        self.dtype = np.dtype(array.column.dtype)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._read)

    def _read(self, key: tuple[Any, ...]) -> NDArray[Any]:
        rows = key[0]
        if not isinstance(rows, slice):
            start = int(rows) % self.shape[0]
            return self._rows(start, start + 1)[(0, *key[1:])]
        start, stop, step = rows.indices(self.shape[0])
        return self._rows(start, max(start, stop))[(slice(None, None, step), *key[1:])]

    def _rows(self, start: int, stop: int) -> NDArray[Any]:
        length = self._length
        check_same(self._committed)
        parts = []
        if start < length:
            parts.append(self._committed.rows(self._group, self._name, start, min(stop, length)))
        if stop > length or not parts:
            parts.append(self._behind[max(start - length, 0) : max(stop - length, 0)])
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


def check_same(committed: Committed) -> None:
    """Refuses a store that is another record's than when it was opened.

    Raises:
        RecordError: if it was replaced or removed.
    """
    try:
        found = identity_of(committed.path / "zarr.json")
    except OSError:
        found = ""
    if record_of(found) != record_of(committed.attributes.get(IDENTITY)):
        raise RecordError(
            f"the record {committed.path.parent} was replaced or removed after it was opened: open it again "
            "(a record this long is read from its files when its numbers are asked for)."
        )
