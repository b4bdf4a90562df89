"""Who may write a record: one process at a time, and a process that is dead holds nothing.

A file in the record's directory is locked for as long as its writer lives. The lock belongs to what was opened and not
to the process, so that somebody who copies the record does not undo it; forked children close what they inherit. Where
a file system knows no locks, the file's age says whether somebody still writes, and a writer that was taken for dead
learns from the record's identity that it has been replaced.
"""

from __future__ import annotations

import contextlib
import gc
import os
import platform
import secrets
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import final

from szilard.errors import RecordError
from szilard.printable import printable
from szilard.records.filelock import lock, locked_by_other
from szilard.records.regular import read_regular

LOCK = "writer.lock"
"""The file that is locked; it is there while somebody writes, or after a kill."""
STALE_SECONDS = 120.0
"""Where there are no locks: how old the file is when its writer is taken for dead."""
_BEAT_SECONDS = 2.0
"""The least time between two signs of life, which may be asked for at every step."""
_PATIENCE = 0.3
"""Seconds in which others who only look whether a record is written have looked."""
_NAMED = 256
"""Bytes that name a writer at most."""
_OPENED = os.O_RDWR | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
"""A link in a record of somebody else's would have this process write where it leads."""


@final
class Claim:
    """The right to write the record in a directory. Take it by :meth:`take`.

    Args:
        path: the directory.
        file: descriptor of its lock file.
        locked: whether the file system holds the lock.
        made: whether the directory was made for it, and goes again if nothing comes to lie there.
    """

    def __init__(self, path: Path, file: int, locked: bool, made: bool) -> None:
        self.path = path
        self._file, self._locked, self._made = file, locked, made
        self._process, self._next_beat = os.getpid(), 0.0
        _HELD.add(self)
        with contextlib.suppress(OSError):  # a full disk takes the lock, if not the name
            os.ftruncate(file, 0)
            os.lseek(file, 0, os.SEEK_SET)
            os.write(file, _name_of_this_process().encode())

    @classmethod
    def take(cls, path: Path) -> Claim:
        """Takes the directory, which is made if it is not there.

        Raises:
            RecordError: if somebody writes there, in this process or another.
            OSError: if nothing can be written there.
        """
        _free_of_garbage(path)
        made = not path.exists()
        path.mkdir(parents=True, exist_ok=True)
        until = time.monotonic() + _PATIENCE
        while True:
            file = os.open(path / LOCK, _OPENED | os.O_CREAT, 0o666)
            try:
                taken = lock(file)
                free = _taken_without_locks(path, file) if taken is None else taken
                if free and _is(file, path / LOCK):
                    return cls(path, file, locked=taken is not None, made=made)
                if not free and time.monotonic() > until:
                    raise in_use(path)
            except BaseException:
                os.close(file)
                raise
            os.close(file)
            time.sleep(0.01)

    @classmethod
    def take_over(cls, path: Path) -> Claim:
        """Like :meth:`take`, but from whatever holds it in this process, which may write no more."""
        for held in _held_here(path):
            held.release()
        return cls.take(path)

    @property
    def held(self) -> bool:
        """Whether it is still this process that may write: not in a forked child, and not when it was given back."""
        return self._file >= 0 and self._process == os.getpid()

    def beat(self) -> None:
        """Tells that this writer lives, where the file system knows no locks."""
        if self.held and not self._locked and time.monotonic() >= self._next_beat:
            self._next_beat = time.monotonic() + _BEAT_SECONDS
            with contextlib.suppress(OSError):
                os.utime(self.path / LOCK)

    @contextlib.contextmanager
    def unless_it_fails(self) -> Iterator[None]:
        """Gives the directory back where what is done in it does not succeed."""
        try:
            yield
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Gives the directory back."""
        if self.held:
            with contextlib.suppress(OSError):
                if _is(self._file, self.path / LOCK):
                    (self.path / LOCK).unlink()
                    if self._made:
                        self.path.rmdir()
        self.forget()

    def forget(self) -> None:
        """Holds it no more, and leaves the file to whoever does."""
        file, self._file = self._file, -1
        if file >= 0:
            with contextlib.suppress(OSError):
                os.close(file)

    def __del__(self) -> None:
        self.release()


def check_free(path: Path) -> None:
    """Refuses a directory in which somebody writes.

    Raises:
        RecordError: if somebody does, in this process or another.
    """
    _free_of_garbage(path)
    try:
        file = os.open(path / LOCK, _OPENED)
    except OSError:
        return
    try:
        taken = locked_by_other(file)
        if taken is None:
            taken = not _stale(file)
    finally:
        os.close(file)
    if taken:
        raise in_use(path)


def in_use(path: Path) -> RecordError:
    """Says that somebody writes in a directory, and who."""
    try:
        word = read_regular(path / LOCK, 2**16)[:_NAMED].decode(errors="replace")
    except OSError:
        word = ""
    if word == _name_of_this_process():
        return RecordError(
            f"{path} is being written by this process: close what writes there (its monitor's close(); where nobody"
            " kept that, let go of the optimiser that is watched) first, or choose another place."
        )
    who = printable(word) or "another process"
    return RecordError(f"{path} is being written by {who}: wait until that has ended, or choose another place.")


def _held_here(path: Path) -> list[Claim]:
    """What holds a directory in this process: one, if any."""
    return [each for each in list(_HELD) if each.held and _is(each._file, path / LOCK)]


def _free_of_garbage(path: Path) -> None:
    """Has a writer of this process go that nobody can use any more, as of a notebook's cell that is run again.

    A monitor and the optimiser that keeps it hold one another, so only the garbage collector lets them go.
    """
    if _held_here(path):
        gc.collect()


def _name_of_this_process() -> str:
    return f"process {os.getpid()} on {platform.node()}"


def _is(file: int, path: Path) -> bool:
    """Whether what was opened is what lies there now."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except OSError:
        return False


def _stale(file: int) -> bool:
    """On a file system without locks: whether nobody has written lately, for the lock file is new or old."""
    state = os.fstat(file)
    return not state.st_size or time.time() - state.st_mtime > STALE_SECONDS


def _taken_without_locks(path: Path, file: int) -> bool:
    """Takes a directory where there are no locks: of several that try at once, the one whose word stays has it."""
    if not _stale(file):
        return False
    word = secrets.token_hex(8)
    (path / LOCK).write_text(word, encoding="utf-8")
    time.sleep(_PATIENCE / 2)
    return (path / LOCK).read_text(encoding="utf-8") == word


_HELD: weakref.WeakSet[Claim] = weakref.WeakSet()


def _forget_all() -> None:
    """In a forked child: the parent's locks are the parent's, and must not outlive it."""
    for claim in list(_HELD):
        claim.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
