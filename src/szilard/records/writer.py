"""Writing a record while training runs: into the journal at once, into Zarr every few seconds, never in the way."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from szilard.errors import RecordError, SzilardWarning, nearest
from szilard.records import strict_json
from szilard.records.column import Packed, growing, pack_coordinate, pack_row
from szilard.records.journal import FILE, Journal
from szilard.records.place import create, recover
from szilard.records.schema import Group
from szilard.records.store import Store

COMMIT_SECONDS = 5.0
"""The least time between commits."""
COMMIT_RATIO = 100.0
"""Nor more often than so many times what the last commit took: at most 1 % of the time goes into them."""


class RecordWriter:
    """Writes one record. One writer at a time; readers are welcome while it writes.

    A row is in the journal when :meth:`append` returns, so a killed process loses nothing; a power cut may (nothing is
    synced to the disk). A disk that is full or gone never stops a training: the writer warns once, keeps the rows in
    memory and tries again at the next rows; only :meth:`close` raises if they still cannot be written.

    Args:
        path: the record's directory; it must not exist, or be empty.
        groups: what is to be recorded.
        attributes: of the whole record (JSON); schema and status are added.
        overwrite: replace a record that lies there; anything else is never deleted.

    Raises:
        RecordError: if something is in the way, or the directory cannot be written.
    """

    _closed: bool

    def __init__(
        self, path: str | Path, *, groups: Sequence[Group], attributes: Mapping[str, Any], overwrite: bool = False
    ) -> None:
        self.path = Path(path)
        try:
            self._begin(create(self.path, groups, attributes, overwrite))
        except OSError as error:
            raise RecordError(
                f"no record can be made in {self.path} ({_cause(error)}): choose another place."
            ) from error

    @classmethod
    def reopen(cls, path: str | Path) -> RecordWriter:
        """Goes on with a record: what its journal holds beyond the last commit is committed first.

        Raises:
            RecordError: if there is no record, it is damaged, or it cannot be written.
        """
        writer = cls.__new__(cls)
        writer.path = Path(path)
        try:
            writer._begin(recover(writer.path))
            writer._journal.restart()
        except OSError as error:
            raise RecordError(f"the record {path} cannot be written: {_cause(error)}.") from error
        return writer

    @property
    def attributes(self) -> dict[str, Any]:
        """The attributes of the record's root as they stand."""
        return dict(self._attributes)

    def __len__(self) -> int:
        """How many rows there are in the first group."""
        return self.rows(next(iter(self._pending)))

    @property
    def durable(self) -> bool:
        """Whether every row that was appended is in a file; otherwise some wait in memory for room on the disk."""
        return not self._journal.waiting

    def rows(self, group: str) -> int:
        """The number of rows in a group, those of the journal included."""
        return self._store.lengths[group] + len(self._pending[group])

    def columns(self, group: str) -> tuple[str, ...]:
        """The columns that a row of a group may hold, by name."""
        return tuple(self._columns[group])

    def append(self, group: str, step: int, row: Mapping[str, Any]) -> None:
        """Adds one row to a group.

        Args:
            group: its name.
            step: the training step.
            row: values by column: numbers, and nested sequences where the column has dimensions; what is missing
                becomes NaN (-1 for integers).

        Raises:
            RecordError: if the group or a column does not exist, or a value does not fit.
        """
        self._check_open()
        if group not in self._columns:
            raise RecordError(f"the record has no group {group!r}: {nearest(group, self._columns)}")
        packed = pack_row(group, self._columns[group], step, row)
        rows = self._pending[group]
        self._log({"group": group, "index": self._store.lengths[group] + len(rows), "row": packed})
        rows.append(packed)
        if time.monotonic() >= self._due:
            self.commit()

    def annotate(self, **attributes: Any) -> None:
        """Sets attributes of the record, in the journal at once.

        Raises:
            RecordError: if the record is closed, or a value is no JSON.
        """
        self._check_open()
        number = self._attributes["notes"] + 1
        strict_json.dumps(attributes)
        self._attributes |= {**attributes, "notes": number}
        self._log({"note": number, "attributes": attributes})

    def set_coordinate(self, group: str, name: str, values: Sequence[float]) -> None:
        """Gives a dimension other values, for those that are known only once the run has begun.

        Raises:
            RecordError: if there is no such dimension, or there are too few or too many values.
        """
        packed = pack_coordinate(group, name, self._store.columns.get(group, {}), values)
        self.annotate(coordinates={**self._attributes.get("coordinates", {}), f"{group}/{name}": packed})

    def commit(self) -> None:
        """Folds the rows that wait into Zarr. Where the disk does not let it, warns once and tries again later."""
        self._check_open()
        begin = time.monotonic()
        error = self._fold()
        if error is not None:
            self._warn(error)
        end = time.monotonic()
        self._due = end + max(COMMIT_SECONDS, COMMIT_RATIO * (end - begin))

    def close(self, status: str = "complete") -> None:
        """Commits what waits and says how the run ended; a run marked as broken stays so. A second call does nothing.

        Raises:
            RecordError: if rows could not be written; they are kept, so that it may be called again.
        """
        if self._closed:
            return
        if self._attributes["status"] != "broken":
            self.annotate(status=status)
        error = self._fold()
        if error is not None:
            waiting = sum(map(len, self._pending.values()))
            raise RecordError(
                f"{waiting} rows of the record {self.path} could not be written: {_cause(error)}; "
                "make room and call close() again."
            ) from error
        self._journal.close()
        self._closed = True

    def _begin(self, store: Store) -> None:
        self._store = store
        self._attributes = dict(store.attributes)
        self._columns = {group: growing(columns) for group, columns in store.columns.items()}
        self._pending: dict[str, list[Packed]] = {group: [] for group in store.columns}
        self._journal = Journal(self.path / FILE)
        self._closed = self._warned = False
        self._due = time.monotonic() + COMMIT_SECONDS

    def _log(self, entry: Mapping[str, Any]) -> None:
        try:
            self._journal.append(strict_json.dumps(entry))
        except OSError as error:
            self._warn(error)

    def _fold(self) -> Exception | None:
        """Commits everything; what prevented it, if something did: a training must not stop for it."""
        try:
            self._store.commit(self._pending, self._attributes)
        except Exception as error:  # a full disk, or whatever Zarr says of a store that was damaged meanwhile
            return error
        self._attributes = dict(self._store.attributes)
        for rows in self._pending.values():
            rows.clear()
        self._journal.restart()
        self._warned = False
        return None

    def _warn(self, error: Exception) -> None:
        if self._warned:
            return
        self._warned = True
        warnings.warn(
            f"the record {self.path} cannot be written at the moment ({_cause(error)}): training goes on and the rows "
            "are kept in memory; make room on the disk, and they are written with the next ones.",
            SzilardWarning,
            stacklevel=4,
        )

    def _check_open(self) -> None:
        if self._closed:
            raise RecordError(f"the record {self.path} is closed: RecordWriter.reopen goes on with it.")


def _cause(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
