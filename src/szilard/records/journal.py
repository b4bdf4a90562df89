"""The journal: one line of strict JSON for each record since the last commit, in the file before the training goes on.

A line is handed to the operating system whole, so a killed process loses nothing (a power cut may: nothing is synced to
the disk). Every line names its group and index in that group, so that whoever reads journal and store after a crash
between commit and restart counts nothing twice.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from szilard.errors import RecordError
from szilard.records.strict_json import loads

FILE = "journal.jsonl"


@dataclass(frozen=True, slots=True)
class Row:
    """One record of one group: ``values`` are packed (strict JSON), by column; ``step`` is among them."""

    group: str
    index: int
    values: dict[str, Any]


@dataclass(slots=True)
class Contents:
    """What a journal holds.

    Attributes:
        rows: in the order written.
        notes: changes of the record's attributes, each with its number.
        unreadable: numbers of complete lines that are damaged, counted from 1; a torn last line is none of them.
    """

    rows: list[Row] = field(default_factory=list)
    notes: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    unreadable: list[int] = field(default_factory=list)


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

    def append(self, line: str) -> None:
        """Adds a line, behind those that could not be written before.

        Raises:
            OSError: if the disk is full or gone; the line is kept, and goes with the next one.
        """
        self._waiting.append(line + "\n")
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

    def restart(self) -> None:
        """Begins an empty journal in place of this one, whose lines are all committed, those that wait included.

        The file is replaced rather than cut, so that somebody who reads it meanwhile reads it whole. Where that fails
        the old lines stay, which does no harm: they carry their indices.
        """
        self._waiting.clear()
        fresh = self.path.with_suffix(".partial")
        try:
            file = _open(fresh, os.O_TRUNC)
        except OSError:
            return
        try:
            fresh.replace(self.path)
        except OSError:
            os.close(file)
            return
        os.close(self._file)
        self._file, self._sound = file, 0

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
        if not path.is_file():
            return contents
        data = path.read_bytes()
    except OSError as error:
        raise RecordError(f"the journal {path} cannot be read: {error.strerror}.") from error
    for number, line in enumerate(data.split(b"\n")[:-1], 1):  # what follows the last newline is a torn line
        try:
            _take(loads(line), contents)
        except (ValueError, KeyError, TypeError):
            contents.unreadable.append(number)
    return contents


def _take(entry: Any, contents: Contents) -> None:
    if "note" in entry:
        if not isinstance(entry["attributes"], dict):
            raise TypeError("attributes must be a mapping")
        contents.notes.append((int(entry["note"]), entry["attributes"]))
        return
    group, index, values = entry["group"], entry["index"], entry["row"]
    if not (isinstance(group, str) and type(index) is int and index >= 0 and type(values["step"]) is int):
        raise TypeError("not a row")
    contents.rows.append(Row(group, index, values))


def _open(path: Path, extra: int = 0) -> int:
    # On Windows a file is text unless told otherwise: line ends would be written as two characters and counted as one.
    binary = getattr(os, "O_BINARY", 0)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | binary | extra, 0o666)
