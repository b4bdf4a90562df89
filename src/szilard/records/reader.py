"""Opening a record: what was committed and what the journal holds beyond it, as one labelled tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from xarray.core.indexing import LazilyIndexedArray

from szilard.records.boundary import at_boundary
from szilard.records.column import Packed
from szilard.records.committed import Committed, load_committed, merge
from szilard.records.journal import FILE, read_journal
from szilard.records.lazy import LONG, RowsOnDisk
from szilard.records.root import current, shown


def read(path: str | Path) -> xr.DataTree:
    """The record in directory ``path``, in memory: a node for each group, the record's attributes at the root.

    Of a group of :data:`~szilard.records.lazy.LONG` rows or more only ``step`` is in memory: its variables are read
    from their files whenever they are asked for (``load()`` keeps them).

    May be called at any time while the record is written. The journal is read first and the commit after it: a row that
    is folded in between is then found in the commit, never lost and never counted twice. A ``status`` of ``"running"``
    on disk is shown as ``"incomplete"``.

    Raises:
        RecordError: if there is no record, it is damaged (the array is named), or a newer szilard wrote it.
    """
    directory = Path(path)
    with at_boundary(directory, "read"):
        return _read(directory)


def _read(directory: Path) -> xr.DataTree:
    journal = read_journal(directory / FILE)
    committed = load_committed(directory)
    rows, attributes = merge(committed, journal), current(committed.attributes, journal)
    coordinates = attributes.get("coordinates") or {}
    names = attributes.get("coordinate_names") or {}
    nodes = {f"/{group}": _dataset(committed, group, rows[group], coordinates, names) for group in committed.columns}
    return xr.DataTree.from_dict({"/": xr.Dataset(attrs=shown(attributes)), **nodes})


def _dataset(
    committed: Committed,
    group: str,
    rows: Sequence[Packed],
    moved: Mapping[str, Sequence[float]],
    names: Mapping[str, Sequence[str]],
) -> xr.Dataset:
    """One group; ``moved`` holds coordinate values that are not committed yet, ``names`` texts in place of numbers."""
    variables: dict[str, Any] = {}
    long = committed.lengths[group] >= LONG
    for name, column in committed.columns[group].items():
        if column.grows:
            values = _grown(committed, group, name, rows, lazily=long and name != "step")
        else:
            values = committed.values(group, name)
        if f"{group}/{name}" in moved:
            values = np.array(column.pack(moved[f"{group}/{name}"]), dtype=column.dtype)
        variables[name] = xr.Variable(column.dims, values, dict(column.attributes), fastpath=True)
    columns = committed.columns[group]
    fixed = [name for name, column in columns.items() if name == "step" or not column.grows]
    coordinates = {name: variables.pop(name) for name in fixed}
    for name in fixed:
        texts = names.get(f"{group}/{name}")
        if texts is not None and len(texts) == coordinates[name].size:
            coordinates[name] = xr.Variable((name,), np.array([str(text) for text in texts]), fastpath=True)
    return xr.Dataset(variables, coordinates)


def _grown(committed: Committed, group: str, name: str, rows: Sequence[Packed], lazily: bool) -> Any:
    """All rows of a column, in memory or on demand."""
    column = committed.columns[group][name]
    behind = np.array([row[name] for row in rows], dtype=column.dtype).reshape(len(rows), *column.shape)
    if lazily:
        return LazilyIndexedArray(RowsOnDisk(committed, group, name, behind))
    values = committed.values(group, name)
    return np.concatenate([values, behind]) if rows else values
