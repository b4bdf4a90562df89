"""Writing a record while training runs: into the journal at once, into Zarr every few seconds, never in the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from szilard.errors import RecordError
from szilard.records.claim import Claim
from szilard.records.keeper import LAST_PATIENCE, SILENT, Keeper
from szilard.records.loss import words_of
from szilard.records.place import begin, go_on
from szilard.records.schema import Group

COMMIT_SECONDS = 5.0
"""The least time between commits."""
COMMIT_RATIO = 100.0
"""Nor more often than so many times what the last commit took: at most 1 % of the time goes into them."""


class RecordWriter(Keeper):
    """Writes one record, beside the training. One writer at a time; readers are welcome while it writes.

    A row is in the journal when :meth:`append` returns, so a killed process loses nothing; a power cut may (nothing is
    synced to the disk). A disk that is full or gone, or a file system that hangs, never stops a training: the writer
    warns once, keeps the rows in memory and tries again at the next rows; only :meth:`close` raises if they still
    cannot be written, and puts them elsewhere. A record that another has replaced is left alone.

    Args:
        path: the record's directory; it must not exist, or be empty. It stays this one wherever the process goes.
        groups: what is to be recorded.
        attributes: of the whole record (JSON); schema and status are added.
        overwrite: replace a record that lies there; anything else is never deleted.
        claim: the right to write there, where the caller has taken it already.

    Raises:
        RecordError: if something is in the way, somebody writes there, or the directory cannot be written.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        groups: Sequence[Group],
        attributes: Mapping[str, Any],
        overwrite: bool = False,
        claim: Claim | None = None,
    ) -> None:
        self.path = Path(path).absolute()
        self._begin(*begin(self.path, groups, attributes, overwrite, claim))

    @classmethod
    def reopen(cls, path: str | Path, claim: Claim | None = None) -> RecordWriter:
        """Goes on with a record: what its journal holds beyond the last commit is committed first.

        Without a ``claim``, another writer of this process that had the record may write no more.

        Raises:
            RecordError: if there is no record, it is damaged, somebody writes it, or it cannot be written.
        """
        writer = cls.__new__(cls)
        writer.path = Path(path).absolute()
        writer._begin(*go_on(writer.path, claim))
        return writer

    @property
    def attributes(self) -> dict[str, Any]:
        """The attributes of the record's root as they stand."""
        return dict(self._waiting.attributes)

    def __len__(self) -> int:
        """How many rows there are in the first group."""
        return next(iter(self._waiting.counts.values()))

    @property
    def lost(self) -> str | None:
        """Why nothing more is written: another record lies in its place, or this process is a fork of the writer's."""
        return self._lost

    def rows(self, group: str) -> int:
        """The number of rows in a group, those of the journal included."""
        return self._waiting.counts[group]

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
        self._log(self._waiting.add(group, step, row))

    def extend(self, rows: Iterable[tuple[str, int, Mapping[str, Any]]]) -> None:
        """Adds several rows, each as :meth:`append` takes it, which together are one line of work."""
        self._check_open()
        lines: list[str] = []
        try:
            for row in rows:
                lines.append(self._waiting.add(*row))  # noqa: PERF401 - those before one that does not fit are kept
        finally:
            self._log(*lines)

    def annotate(self, **attributes: Any) -> None:
        """Sets attributes of the record, in the journal at once.

        Raises:
            RecordError: if the record is closed, or a value is no JSON.
        """
        self._check_open()
        self._log(self._waiting.annotate(attributes))

    def set_coordinate(self, group: str, name: str, values: Sequence[float]) -> None:
        """Gives a dimension other values, for those that are known only once the run has begun.

        Raises:
            RecordError: if there is no such dimension, or there are too few or too many values.
        """
        self._check_open()
        self._log(self._waiting.set_coordinate(group, name, values))

    def commit(self) -> None:
        """Folds the rows that wait into Zarr. Where the disk does not let it, warns once and tries again later."""
        self._check_open()
        if not self._disowned():
            if not self._ask_commit().wait(LAST_PATIENCE):
                self._error = SILENT
            self._tell()

    def close(self, status: str = "complete") -> None:
        """Commits what waits and says how the run ended; a run marked as broken stays so. A second call does nothing.

        Raises:
            RecordError: if rows could not be written; they are kept, so that it may be called again, and put into a
                directory that the error names. If another record lies there now.
        """
        if self._closed:
            return
        if not self._disowned(quietly=True):
            if self._waiting.attributes["status"] != "broken":
                self._waiting.annotate({"status": status})
            error = self._settle()
        if self._lost is not None:
            raise RecordError(self._lost)
        if error is not None:
            said = words_of(self.path, self._waiting.total, error, self._rescue(), again=not self.ending)
            raise RecordError(said) from error
        self._end()

    def _check_open(self) -> None:
        if self._closed:
            raise RecordError(f"the record {self.path} is closed: RecordWriter.reopen goes on with it.")

    def _pace(self, seconds: float) -> float:
        return max(COMMIT_SECONDS, COMMIT_RATIO * seconds)
