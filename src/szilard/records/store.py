"""The committed part of a record: a Zarr v3 store that any reader can open at any time.

A commit lengthens the arrays first and replaces the root, which tells of their lengths, last; every file is put in
place whole. Before the root is replaced its readers see the old lengths, and the arrays are longer only where nobody
looks. A commit goes into the store that this writer began or took up, known by its identity, and into no other.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from szilard.records.column import Packed
from szilard.records.committed import Committed, StoredArray, load_committed
from szilard.records.described import plain
from szilard.records.layout import (
    METADATA,
    chunk_file,
    columns_of,
    group_document,
    lay_out,
    put_document,
    put_rows,
    root_document,
)
from szilard.records.loss import Replaced
from szilard.records.root import DRAFT, IDENTITY, Document, identity_of, read_root
from szilard.records.schema import Group


class Store:
    """The Zarr store of one record, to go on writing where its last commit ended.

    Args:
        committed: the last commit, which was found to be what szilard writes.
    """

    def __init__(self, committed: Committed) -> None:
        self.path = committed.path
        self.columns = committed.columns
        self.lengths = dict(committed.lengths)
        self.attributes = dict(committed.attributes)
        self._arrays = committed.arrays
        self._documents = read_root(committed.path.parent)[1]
        self._fixed = {
            f"{group}/{name}": committed.values(group, name)
            for group, arrays in committed.arrays.items()
            for name, array in arrays.items()
            if not array.column.grows
        }
        self._seen: object = None

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
        columns = [columns_of(group) for group in groups]
        draft = path.with_name(DRAFT)
        shutil.rmtree(draft, ignore_errors=True)
        try:
            draft.mkdir()
            # The root first: by it a beginning that was killed is known for szilard's.
            put_document(draft, group_document(plain(attributes)))
            documents: dict[str, Document] = {}
            for group, arrays in zip(groups, columns, strict=True):
                documents |= lay_out(draft, group, arrays)
            put_document(draft, root_document(plain(attributes), documents))
            make_way()
            draft.rename(path)  # until then the old store is read, where there is one
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        return cls(load_committed(path.parent))

    def commit(
        self,
        rows: Mapping[str, Sequence[Packed]],
        attributes: Mapping[str, Any],
        between: Callable[[], None] = lambda: None,
    ) -> None:
        """Appends packed rows to their groups and sets the root's attributes.

        Attribute ``coordinates`` holds new values of coordinates, by ``group/name``; they go into their arrays.

        Args:
            rows: packed rows by group.
            attributes: of the root.
            between: called between two files.

        Raises:
            Replaced: if another record lies there now; nothing of it is touched.
            OSError: if the disk is full or gone; readers then see the last commit, and it may be tried again.
        """
        self.check_own()
        attributes = plain(attributes)
        for place, values in attributes.pop("coordinates", {}).items():
            group, _, name = place.partition("/")
            array = self._arrays[group][name]
            self._fixed[place] = np.array(values, dtype=array.column.dtype)
            put_rows(self.path / place, array, 0, self._fixed[place])
        documents = dict(self._documents)
        for group, name, array in self._growing():
            if fresh := rows.get(group):
                place, start = f"{group}/{name}", self.lengths[group]
                documents[place] = _of_length(documents[place], start + len(fresh))
                put_document(self.path / place, documents[place])
                values = np.array([row[name] for row in fresh], dtype=array.column.dtype)
                put_rows(self.path / place, array, start, values)
                between()
        if any(rows.values()) or attributes != self.attributes:
            self.check_own()
            put_document(self.path, root_document(attributes, documents))
        self._documents = documents
        self.lengths = {group: length + len(rows.get(group, ())) for group, length in self.lengths.items()}
        self.attributes = attributes

    def check_own(self) -> None:
        """Sees that what lies there is what this writer writes.

        Raises:
            Replaced: if it is another record, or one that another writer has taken up.
            OSError: if it is gone; a directory that has vanished with all that was in it is not made anew.
        """
        root = self.path / METADATA
        state = root.stat()
        seen = (state.st_ino, state.st_mtime_ns, state.st_size)
        if seen == self._seen:
            return
        if identity_of(root) != self.attributes.get(IDENTITY):
            raise Replaced
        self._seen = seen

    def lay_out_again(self, path: Path) -> None:
        """Lays out a store like this one, without rows, in a directory that does not exist.

        Raises:
            OSError: if it cannot be written.
        """
        path.mkdir()
        documents = {
            place: _of_length(document, 0) if self._grows(place) else document
            for place, document in self._documents.items()
        }
        for place, document in documents.items():
            (path / place).mkdir()
            put_document(path / place, document)
        for place, values in self._fixed.items():
            group, _, name = place.partition("/")
            put_rows(path / place, self._arrays[group][name], 0, values)
        put_document(path, root_document(self.attributes, documents))

    def _grows(self, place: str) -> bool:
        group, _, name = place.partition("/")
        return bool(name) and self._arrays[group][name].column.grows

    def trim(self, committed: Committed) -> None:
        """Takes away what a killed writer left beyond the last commit.

        Raises:
            RecordError: if a chunk that is to be continued is damaged.
            OSError: if the store cannot be written.
        """
        for left in self.path.rglob("*.partial"):
            left.unlink()
        for group, name, array in self._growing():
            length, directory = self.lengths[group], self.path / group / name
            committed.rows(group, name, length - length % array.chunk[0], length)
            put_document(directory, self._documents[f"{group}/{name}"])  # on disk it may be longer
            beyond = -(-length // array.chunk[0])
            while (chunk := chunk_file(directory, beyond, len(array.chunk))).exists():
                chunk.unlink()
                beyond += 1

    def _growing(self) -> Iterator[tuple[str, str, StoredArray]]:
        """Every array with a value for each record: its group, its name and itself."""
        for group, arrays in self._arrays.items():
            for name, array in arrays.items():
                if array.column.grows:
                    yield group, name, array


def _of_length(document: Document, length: int) -> Document:
    """The document of an array that has grown."""
    return {**document, "shape": [length, *document["shape"][1:]]}
