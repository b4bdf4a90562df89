"""The lines that were added to a journal since it was last looked at."""

from __future__ import annotations

import os
from pathlib import Path

from szilard.records.regular import open_regular

PIECE = 32 * 2**20
"""Bytes that are read at one time at most: what is longer comes with the next look."""
KNOWN = 256
"""Bytes before the place reached by which the file is known for the same one."""


class JournalTail:
    """Reads a journal on from where it last ended, though it may be replaced by a shorter one at any time.

    The file is opened for each look and not held, so that its writer may replace it on any system. It is known for the
    same one by its last bytes before the place reached: a line names its group, its index and its record, so that no
    two are alike.

    Args:
        path: of the journal, which need not be there yet.

    Attributes:
        unreadable: how many pieces without an end of a line were passed over.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.unreadable = 0
        self.rewind()

    def rewind(self) -> None:
        """Begins again at the file's first line."""
        self._at, self._known = 0, b""
        self._seen: tuple[int, int, int] | None = None

    def lines(self) -> list[bytes]:
        """Complete lines, all of which are new unless the file was replaced; a torn last line waits for its rest.

        A journal that is missing, or cannot be read for the moment, has none.
        """
        try:
            state = self._path.stat()
            seen = (state.st_ino, state.st_mtime_ns, state.st_size)
            if seen == self._seen:
                return []
            with open_regular(str(self._path)) as file:
                data = self._read(file.fileno())
        except OSError:
            self.rewind()
            return []
        if len(data) < PIECE:
            self._seen = seen  # what is written from now on changes it
        end = data.rfind(b"\n") + 1
        if not end:
            if len(data) == PIECE:  # no line is that long
                self._at, self._known = self._at + len(data), data[-KNOWN:]
                self.unreadable += 1
            return []
        self._at, self._known = self._at + end, (self._known + data[:end])[-KNOWN:]
        return data[: end - 1].split(b"\n")

    def _read(self, file: int) -> bytes:
        """What lies behind the place reached, or all of it where that is another file's."""
        if self._at:
            begin = self._at - len(self._known)
            os.lseek(file, begin, os.SEEK_SET)
            if _read(file, len(self._known)) != self._known:
                self._at, self._known = 0, b""
        os.lseek(file, self._at, os.SEEK_SET)
        return _read(file, PIECE)


def _read(file: int, most: int) -> bytes:
    """Up to so many bytes, fewer only at the file's end."""
    parts = []
    while most and (part := os.read(file, most)):
        parts.append(part)
        most -= len(part)
    return b"".join(parts)
