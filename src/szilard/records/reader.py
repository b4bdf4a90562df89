"""Opening a record: what was committed and what the journal holds beyond it, as one labelled tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from szilard.records.column import Packed
from szilard.records.committed import Committed, load_committed, merge
from szilard.records.journal import FILE, read_journal
from szilard.records.root import current, shown


def read(path: str | Path) -> xr.DataTree:
    """The record in directory ``path``, in memory: a node for each group, the record's attributes at the root.

    May be called at any time while the record is written. The journal is read first and the commit after it: a row that
    is folded in between is then found in the commit, never lost and never counted twice. A ``status`` of ``"running"``
    on disk is shown as ``"incomplete"``.

    Raises:
        RecordError: if there is no record, it is damaged (the array is named), or a newer szilard wrote it.
    """
    directory = Path(path)
    journal = read_journal(directory / FILE)
    committed = load_committed(directory)
    rows, attributes = merge(committed, journal), current(committed.attributes, journal)
    coordinates = attributes.get("coordinates", {})
    names = attributes.get("coordinate_names", {})
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
    for name, column in committed.columns[group].items():
        values = committed.values(group, name)
        if column.grows and rows:
            values = np.concatenate([values, np.array([row[name] for row in rows], dtype=column.dtype)])
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
