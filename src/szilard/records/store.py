"""The committed part of a record: a Zarr v3 store that any reader can open at any time.

A commit lengthens the arrays first and consolidates the metadata at the root last; zarr-python puts every file in place
whole. Before the root is replaced its readers see the old lengths, and the arrays are longer only where nobody looks.
"""

from __future__ import annotations

import re
import shutil
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from szilard.errors import RecordError
from szilard.records import strict_json
from szilard.records.committed import Committed, load_committed
from szilard.records.layout import columns_of, lay_out
from szilard.records.root import DRAFT
from szilard.records.rows import Packed
from szilard.records.schema import Group

_NO_MATTER = "Consolidated metadata is currently not part"
"""Zarr's warning that other implementations may not read them: it does no harm, as each array keeps its own."""


class Store:
    """The Zarr store of one record, to go on writing where its last commit ended.

    Args:
        committed: the last commit, which was found to be what szilard writes.

    Raises:
        RecordError: if Zarr finds it damaged.
    """

    def __init__(self, committed: Committed) -> None:
        self.path = committed.path
        self.columns = committed.columns
        self.lengths = dict(committed.lengths)
        self.attributes = dict(committed.attributes)
        self._root = _opened(committed.path)
        self._arrays = {
            # A chunk of nothing but NaN is written as well, so that one that is missing is known to be lost.
            group: {name: array.with_config({"write_empty_chunks": True}) for name, array in node.arrays()}
            for group, node in self._root.groups()
        }

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
            root = zarr.create_group(draft, zarr_format=3, attributes=_plain(attributes))
            for group, arrays in zip(groups, columns, strict=True):
                lay_out(root, group, arrays)
            _consolidate(draft)
            make_way()
            draft.rename(path)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        return cls(load_committed(path.parent))

    def commit(self, rows: Mapping[str, Sequence[Packed]], attributes: Mapping[str, Any]) -> None:
        """Appends packed rows to their groups and sets the root's attributes.

        Attribute ``coordinates`` holds new values of coordinates, by ``group/name``; they go into their arrays.

        Raises:
            OSError: if the disk is full or gone; readers then see the last commit, and it may be tried again.
        """
        (self.path / "zarr.json").stat()  # Zarr would make a directory anew that has vanished with all that was in it
        attributes = _plain(attributes)
        for place, values in attributes.pop("coordinates", {}).items():
            group, _, name = place.partition("/")
            self._arrays[group][name][:] = np.array(values, dtype=self.columns[group][name].dtype)
        for group, name, array in self._growing():
            if fresh := rows.get(group):
                length = self.lengths[group]
                array.resize((length + len(fresh), *array.shape[1:]))
                array[length:] = np.array([row[name] for row in fresh], dtype=array.dtype)
        if any(rows.values()):
            self._root = _consolidate(self.path)
        if attributes != self.attributes:  # after the rows, so that "complete" is never said of half of them
            self._root = self._root.update_attributes(attributes)
        self.lengths = {group: length + len(rows.get(group, ())) for group, length in self.lengths.items()}
        self.attributes = attributes

    def trim(self, committed: Committed) -> None:
        """Takes away what a killed writer left beyond the last commit.

        Raises:
            RecordError: if a chunk that is to be continued is damaged.
            OSError: if the store cannot be written.
        """
        for left in self.path.rglob("*.partial"):
            left.unlink()
        for group, name, array in self._growing():
            committed.values(group, name, self.lengths[group] // array.chunks[0])
            array.resize(array.shape)  # on disk, where it may be longer

    def _growing(self) -> list[tuple[str, str, zarr.Array]]:
        """Every array with a value for each record: its group, its name and itself."""
        return [
            (group, name, array)
            for group, arrays in self._arrays.items()
            for name, array in arrays.items()
            if self.columns[group][name].grows
        ]


def _opened(path: Path) -> zarr.Group:
    """Zarr's handle of a store."""
    try:
        return zarr.open_group(path, mode="r+", zarr_format=3, use_consolidated=True)
    except OSError as error:
        raise RecordError(f"the record {path.parent} cannot be written: {error.strerror or error}.") from error
    except Exception as error:  # whatever Zarr may say of a document that was tampered with
        raise RecordError(f"{path}/zarr.json is damaged: restore the record from a copy ({error}).") from error


def _consolidate(path: Path) -> zarr.Group:
    """Gathers the metadata of every array at the root: the commit."""
    _keep_quiet()
    return zarr.consolidate_metadata(path, zarr_format=3)


def _keep_quiet() -> None:
    """Has Zarr's warning ignored in the whole process, unless it is already.

    Taking the filter back after each commit (``warnings.catch_warnings``) would make Python forget which warnings it
    has shown, so that a training's own would come again after every commit; and it would race with other threads.
    """
    for action, message, category, module, _ in warnings.filters:
        if issubclass(UserWarning, category) and (message is None or re.match(message, _NO_MATTER)):
            if action == "ignore" and module is None:
                return
            break  # somebody else's filter comes first
    warnings.filterwarnings("ignore", _NO_MATTER, UserWarning)


def _plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """As they will be read again: strict JSON."""
    plain: dict[str, Any] = strict_json.loads(strict_json.dumps(dict(attributes)))
    return plain
