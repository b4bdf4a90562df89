"""One record followed while it grows: every row once, from the journal, and from the store only what went there unseen.

Journal first, store after it, as everywhere: a row that is folded in between is then found in the store.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from szilard.errors import RecordError
from szilard.live.tail import JournalTail
from szilard.records import strict_json
from szilard.records.column import Column
from szilard.records.committed import Committed, load_committed
from szilard.records.journal import FILE, Row, entry_of
from szilard.records.layout import METADATA
from szilard.records.root import IDENTITY, record_of, store_of

BLOCK = 2**15
"""Rows that are read from the store at one time, so that a long record takes little memory."""
HELD = 2**16
"""Rows of a journal that wait for the root of their record at most."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one group that follow one another.

    Attributes:
        group: its name.
        steps: training step of each.
        values: by column; the first dimension is that of the rows.
    """

    group: str
    steps: NDArray[np.int64]
    values: dict[str, NDArray[Any]]


class Follower:
    """Reads a record on from where it last ended.

    Args:
        path: its directory; neither it nor a record in it need be there.

    Attributes:
        committed: the last commit that was seen; None before there was one.
        generation: raised by one whenever another record takes the place; what was read before is not of it.
        trouble: why the record cannot be read at the moment; None where it can.
        damaged: lines of the journal that could not be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.committed: Committed | None = None
        self.generation, self.damaged = 0, 0
        self.trouble: RecordError | None = None
        self._tail = JournalTail(path / FILE)
        self._root: object = None
        self._renewed = False
        self._next: dict[str, int] = {}
        self._notes: dict[int, dict[str, Any]] = {}
        self._waiting: list[Row] = []

    def rewind(self) -> None:
        """Lets the record be read again from its first row."""
        self._next, self._waiting = {}, []
        self._tail.rewind()

    @property
    def attributes(self) -> dict[str, Any]:
        """The record's attributes as they stand, the journal's changes included."""
        found, notes = dict(self.committed.attributes) if self.committed else {}, self._notes
        for number in sorted(notes):
            found |= notes[number]
        return found

    @property
    def touched(self) -> float | None:
        """When the record was last written, by the clock of its files; None where there is none."""
        times = []
        for file in (self.path / FILE, store_of(self.path) / METADATA):
            with contextlib.suppress(OSError):
                times.append(file.stat().st_mtime)
        return max(times, default=None)

    def news(self, wanted: dict[str, tuple[str, ...]]) -> Iterator[Rows]:
        """The rows that are new.

        Args:
            wanted: columns to be read, by group. Rows of other groups are passed over.

        Raises:
            RecordError: if the store is damaged; what was read before stands.
        """
        committed = self.committed
        if committed is None:
            return
        fresh, self._waiting = self._waiting, []
        of_group: dict[str, list[Row]] = {group: [] for group in wanted}
        for row in fresh:
            if row.group in of_group and row.of in (None, committed.attributes.get(IDENTITY)):
                of_group[row.group].append(row)
        for group, columns in wanted.items():
            yield from self._of_group(committed, group, columns, of_group[group])

    def look(self) -> bool:
        """Reads what was added to the journal, and the root where it has changed.

        Returns:
            whether there may be news.
        """
        lines = self._tail.lines()
        changed = self._look_at_root()
        if self._renewed:
            lines = self._tail.lines()
        for line in lines:
            self._take(line)
        return changed or bool(lines)

    def _look_at_root(self) -> bool:
        self._renewed = False
        try:
            state = (store_of(self.path) / METADATA).stat()
            root = (state.st_ino, state.st_mtime_ns, state.st_size)
            if root == self._root and self.trouble is None:
                return False
            found = load_committed(self.path)
        except (OSError, RecordError) as error:
            changed = self.trouble is None
            told = error if isinstance(error, RecordError) else None
            self.trouble = told or RecordError(f"{self.path} holds no record of szilard at the moment.")
            return changed
        self._root, self.trouble = root, None
        if self.committed is not None and not _continues(found, self.committed):
            self.generation += 1
            self._renewed = True
            self._notes = {}  # not cleared: others may be reading them
            self.rewind()
        self.committed = found
        known = found.attributes.get("notes", 0)
        self._notes = {number: note for number, note in self._notes.items() if number > known}
        return True

    def _take(self, line: bytes) -> None:
        """One line of the journal: a row waits to be asked for, a note is kept until it is committed."""
        try:
            entry = entry_of(strict_json.loads(line))
        except (ValueError, KeyError, TypeError):
            self.damaged += 1
            return
        if isinstance(entry, Row):
            if entry.index >= self._next.get(entry.group, 0):
                self._waiting.append(entry)
                if self.committed is None:
                    del self._waiting[:-HELD]
            return
        number, note, of = entry
        committed = self.committed.attributes if self.committed else {}
        if of in (None, committed.get(IDENTITY)) and number > committed.get("notes", 0):
            self._notes = {**self._notes, number: note}

    def _of_group(self, committed: Committed, group: str, columns: Sequence[str], rows: list[Row]) -> Iterator[Rows]:
        """The new rows of a group in order; what the journal passes over is in the store."""
        rows.sort(key=lambda row: row.index)
        length = committed.lengths[group]
        run: list[Row] = []
        for row in rows:
            at = self._next.get(group, 0)
            if row.index < at:
                continue
            if row.index > at and at < length:
                yield from self._packed(committed, group, columns, run)
                run = []
                yield from self._stored(committed, group, columns, min(row.index, length))
            run.append(row)
            self._next[group] = row.index + 1
            if len(run) == BLOCK:
                yield from self._packed(committed, group, columns, run)
                run = []
        yield from self._packed(committed, group, columns, run)
        yield from self._stored(committed, group, columns, length)

    def _stored(self, committed: Committed, group: str, columns: Sequence[str], stop: int) -> Iterator[Rows]:
        """Rows from the store, from the next one up to another."""
        while (start := self._next.get(group, 0)) < stop:
            end = min(stop, start - start % BLOCK + BLOCK)
            values = {name: committed.rows(group, name, start, end) for name in columns}
            steps = committed.rows(group, "step", start, end)
            self._next[group] = end
            yield Rows(group, steps, values)

    def _packed(self, committed: Committed, group: str, columns: Sequence[str], rows: list[Row]) -> Iterator[Rows]:
        """Rows of the journal; one that does not fit is left out and counted."""
        known = committed.columns[group]
        fitting: list[Row] = []
        parts: dict[str, list[Any]] = {name: [] for name in columns}
        for row in rows:
            try:
                np.int64(row.values["step"])
                values = [_value(known[name], row.values.get(name)) for name in columns]
            except (TypeError, ValueError, OverflowError):
                self.damaged += 1
                continue
            fitting.append(row)
            for name, value in zip(columns, values, strict=True):
                parts[name].append(value)
        if fitting:
            steps = np.array([row.values["step"] for row in fitting], dtype=np.int64)
            yield Rows(group, steps, {name: np.array(found, dtype=float) for name, found in parts.items()})


def _value(column: Column, value: Any) -> Any:
    """A packed value as a number or an array of the column's shape; NaN where it is missing."""
    if type(value) is float and not column.shape:
        return value
    if value is None:
        return np.full(column.shape, np.nan) if column.shape else np.nan
    if not column.shape:
        return float(value)
    found = np.array(value, dtype=float)
    if found.shape != column.shape:
        raise ValueError(f"an array of shape {found.shape}")
    return found


def _continues(found: Committed, before: Committed) -> bool:
    """Whether a commit is a later one of the same record."""
    ours, theirs = (each.attributes.get(IDENTITY) for each in (before, found))
    if record_of(ours) != record_of(theirs):
        return False
    return found.lengths.keys() == before.lengths.keys() and all(
        found.lengths[group] >= length for group, length in before.lengths.items()
    )
