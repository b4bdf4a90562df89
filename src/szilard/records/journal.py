"""The journal: one line of strict JSON for each record since the last commit, in the file before the training goes on.

A line is handed to the operating system whole, so a killed process loses nothing (a power cut may: nothing is synced to
the disk). Every line names its group and index in that group, so that whoever reads journal and store after a crash
between commit and restart counts nothing twice; and the identity of its record, so that no line is ever taken for
another's that was put in its place.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from szilard.errors import RecordError
from szilard.records.described import check_attributes
from szilard.records.regular import read_regular
from szilard.records.strict_json import loads

FILE = "journal.jsonl"


@dataclass(frozen=True, slots=True)
class Row:
    """One record of one group: ``values`` are packed (strict JSON), by column; ``step`` is among them.

    ``of`` is the identity of its record; None in a journal of a version that knew none.
    """

    group: str
    index: int
    values: dict[str, Any]
    of: str | None = None


Note = tuple[int, dict[str, Any], str | None]
"""A change of the record's attributes: its number, what changes, and the identity of its record."""


@dataclass(slots=True)
class Contents:
    """What a journal holds.

    Attributes:
        rows: in the order written.
        notes: changes of the record's attributes.
        unreadable: numbers of complete lines that are damaged, counted from 1; a torn last line is none of them.
    """

    rows: list[Row] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    unreadable: list[int] = field(default_factory=list)

    def belonging_to(self, identity: str | None) -> Contents:
        """What belongs to the record of this identity: of another that lay in its place nothing is taken."""
        mine = (None, identity)
        rows = [row for row in self.rows if row.of in mine]
        return Contents(rows, [note for note in self.notes if note[2] in mine], self.unreadable)


class Journal:
    """The writing end.

    Args:
        path: of the file; made if it is not there, else continued.

    Raises:
        OSError: if it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = _open(path)
        self._sound = os.fstat(self._file).st_size
        self._waiting: list[str] = []
        self._since: list[str] = []

    def append(self, *lines: str) -> None:
        """Adds lines, behind those that could not be written before.

        Raises:
            OSError: if the disk is full or gone; the lines are kept, and go with the next ones.
        """
        self._waiting += [line + "\n" for line in lines]
        self._since += lines
        data = memoryview("".join(self._waiting).encode())
        try:
            written = os.write(self._file, data)
            while written < len(data):
                written += os.write(self._file, data[written:])
        except OSError:
            with contextlib.suppress(OSError):  # takes back the half line; on a device there is nothing to take back
                os.ftruncate(self._file, self._sound)
            raise
        self._sound += len(data)
        self._waiting.clear()

    @property
    def waiting(self) -> bool:
        """Whether there are lines that could not be written yet."""
        return bool(self._waiting)

    def mark(self) -> None:
        """A commit begins: what is added from now on is not part of it."""
        self._since.clear()

    def restart(self) -> None:
        """Begins a journal in place of this one: all lines up to the mark are committed, those that wait included.

        The file is replaced rather than cut, so that somebody who reads it meanwhile reads it whole. Where that fails
        the old lines stay, which does no harm: they carry their indices.
        """
        data = "".join(f"{line}\n" for line in self._since).encode()
        fresh = self.path.with_suffix(".partial")
        try:
            file = _open(fresh, os.O_TRUNC)
        except OSError:
            return
        try:
            if data and os.write(file, data) != len(data):
                raise OSError("the disk is full")
            fresh.replace(self.path)
        except OSError:
            os.close(file)
            return
        os.close(self._file)
        self._file, self._sound = file, len(data)
        self._waiting.clear()

    def close(self) -> None:
        """Closes the file; the journal itself stays on the disk."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def read_journal(path: Path) -> Contents:
    """Every complete line; a missing journal is an empty one.

    Raises:
        RecordError: if the file cannot be read.
    """
    contents = Contents()
    try:
        data = read_regular(path)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return contents
    except OSError as error:
        raise RecordError(f"the journal {path} cannot be read: {error.strerror or error}.") from error
    for number, line in enumerate(data.split(b"\n")[:-1], 1):  # what follows the last newline is a torn line
        try:
            entry = entry_of(loads(line))
        except (ValueError, KeyError, TypeError):
            contents.unreadable.append(number)
            continue
        if isinstance(entry, Row):
            contents.rows.append(entry)
        else:
            contents.notes.append(entry)
    return contents


def entry_of(entry: Any) -> Row | Note:
    """What a line of a journal holds, from its JSON.

    Raises:
        KeyError, TypeError, ValueError: if it is damaged.
    """
    if "note" in entry:
        if type(entry["note"]) is not int:
            raise TypeError("not a number of a note")
        return entry["note"], check_attributes(entry["attributes"]), entry.get("of")
    group, index, values = entry["group"], entry["index"], entry["row"]
    if not (isinstance(group, str) and type(index) is int and index >= 0 and type(values["step"]) is int):
        raise TypeError("not a row")
    return Row(group, index, values, entry.get("of"))


def _open(path: Path, extra: int = 0) -> int:
    # On Windows a file is text unless told otherwise: line ends would be written as two characters and counted as one.
    binary = getattr(os, "O_BINARY", 0)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | binary | extra, 0o666)
