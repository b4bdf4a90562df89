"""The committed part of a record: a Zarr v3 store that any reader can open at any time.

A commit writes the chunks that changed, then the arrays' documents, then the root with all of them consolidated. Every
file is written beside the store and moved into place, so a reader sees the old one or the new one; the root's
replacement is the commit. Before it readers see the old length, and the chunks are longer only where nobody looks.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from szilard.records import strict_json
from szilard.records.column import CHUNK, Column, Document, check_name
from szilard.records.committed import Committed
from szilard.records.layout import columns_of, group_document, root_document
from szilard.records.rows import Packed
from szilard.records.schema import Group

Values = NDArray[Any]


class Table:
    """One group's columns, the number of records committed, and the last, unfilled chunk of each column."""

    def __init__(self, columns: Mapping[str, Column], length: int = 0) -> None:
        self.columns = dict(columns)
        self.length = length
        self.growing = [column for column in self.columns.values() if column.grows]
        self.tails: dict[str, Values] = {column.name: _blank(column, 0) for column in self.growing}

    def documents(self) -> dict[str, Document]:
        """Of every array, at the committed length."""
        return {name: column.document(self.length) for name, column in self.columns.items()}


class Store:
    """The Zarr store of one record.

    Args:
        path: of the store itself (``DIR/record.zarr``).
        tables: its groups.
        attributes: of the root, as committed.
    """

    def __init__(self, path: Path, tables: Mapping[str, Table], attributes: Mapping[str, Any]) -> None:
        self.path = path
        self.tables = dict(tables)
        self.attributes = dict(attributes)
        self._scratch = path.with_suffix(".partial")

    @classmethod
    def create(
        cls,
        path: Path,
        groups: Sequence[Group],
        attributes: Mapping[str, Any],
        make_way: Callable[[], None] = lambda: None,
    ) -> Store:
        """Lays out an empty store; the directory appears whole or not at all.

        Args:
            path: of the store.
            groups: its groups.
            attributes: of the root.
            make_way: called when everything is written, just before it moves to its place.

        Raises:
            OSError: if it cannot be written.
            RecordError: if a name or a dimension does not fit.
        """
        tables = {
            check_name(group.name): Table({column.name: column for column in columns_of(group)}) for group in groups
        }
        draft = path.with_suffix(".draft")
        shutil.rmtree(draft, ignore_errors=True)
        store = cls(draft, tables, attributes)
        try:
            for group in groups:
                store._lay_out(group)
            store._write_root(store.tables, store.attributes)
            make_way()
            draft.rename(path)
        except OSError:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        store.path = path
        return store

    @classmethod
    def reopen(cls, committed: Committed) -> Store:
        """The store to go on writing where its last commit ended.

        Raises:
            RecordError: if a chunk that is to be continued is damaged.
        """
        tables = {}
        for group, columns in committed.groups.items():
            table = Table(columns, committed.lengths[group])
            for column in table.growing:
                table.tails[column.name] = committed.values(group, column.name, table.length // CHUNK)
            tables[group] = table
        return cls(committed.path, tables, committed.attributes)

    def commit(self, rows: Mapping[str, Sequence[Packed]], attributes: Mapping[str, Any]) -> None:
        """Appends packed rows to their groups and replaces the root's attributes; all of it, or nothing that is seen.

        Attribute ``coordinates`` holds new values of coordinates, by ``group/name``; they go into their arrays.

        Raises:
            OSError: if the disk is full or gone; the store then stands as it did, and the commit may be tried again.
        """
        attributes = dict(attributes)
        for place, values in attributes.pop("coordinates", {}).items():
            group, _, name = place.partition("/")
            self._write_coordinate(group, self.tables[group].columns[name], values)
        grown: dict[str, Table] = {}
        for name, fresh in rows.items():
            if fresh:
                grown[name] = self._write_chunks(name, fresh)
        for name, table in grown.items():
            for array, document in table.documents().items():
                if table.columns[array].grows:
                    self._write(self.path / name / array / "zarr.json", _text(document))
        self._write_root(self.tables | grown, attributes)
        self.tables |= grown
        self.attributes = attributes

    def trim(self) -> None:
        """Sets every array's document to the committed length: whoever ignores the consolidated ones sees them."""
        for name, table in self.tables.items():
            for array, document in table.documents().items():
                self._write(self.path / name / array / "zarr.json", _text(document))

    def _lay_out(self, group: Group) -> None:
        table = self.tables[group.name]
        for column in table.columns.values():
            (self.path / group.name / column.name / column.chunk_name(0)).parent.mkdir(parents=True)
            if not column.grows:
                self._write_coordinate(group.name, column, group.coordinates[column.name])
        for name, document in table.documents().items():
            self._write(self.path / group.name / name / "zarr.json", _text(document))
        self._write(self.path / group.name / "zarr.json", _text(group_document()))

    def _write_coordinate(self, group: str, column: Column, values: Sequence[float]) -> None:
        chunk = np.array(column.pack(values), dtype=column.dtype).tobytes()
        self._write(self.path / group / column.name / column.chunk_name(0), chunk)

    def _write_chunks(self, group: str, rows: Sequence[Packed]) -> Table:
        old = self.tables[group]
        new = Table(old.columns, old.length + len(rows))
        first = old.length // CHUNK
        for column in new.growing:
            values = _blank(column, len(old.tails[column.name]) + len(rows))
            values[: -len(rows)] = old.tails[column.name]
            values[-len(rows) :] = np.array([row[column.name] for row in rows], dtype=column.dtype)
            for at in range(0, len(values), CHUNK):
                chunk = values[at : at + CHUNK]
                if len(chunk) < CHUNK:
                    chunk = np.concatenate([chunk, _blank(column, CHUNK - len(chunk))])
                place = self.path / group / column.name / column.chunk_name(first + at // CHUNK)
                if len(column.chunk) > 1:  # a matrix's chunks lie one directory deeper
                    place.parent.mkdir(exist_ok=True)
                self._write(place, chunk.tobytes())
            new.tails[column.name] = values[len(values) - new.length % CHUNK :].copy()
        return new

    def _write_root(self, tables: Mapping[str, Table], attributes: Mapping[str, Any]) -> None:
        root = root_document(attributes, {name: table.documents() for name, table in tables.items()})
        self._write(self.path / "zarr.json", _text(root))

    def _write(self, target: Path, data: bytes) -> None:
        """Puts a whole file in place at once."""
        file = os.open(self._scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        try:
            written = os.write(file, data)
            while written < len(data):
                written += os.write(file, data[written:])
        finally:
            os.close(file)
        os.replace(self._scratch, target)  # noqa: PTH105 (a third of the time of Path.replace)


def _blank(column: Column, length: int) -> Values:
    return np.full((length, *column.shape), column.fill, dtype=column.dtype)


def _text(document: Document) -> bytes:
    return strict_json.dumps(document).encode()
