"""Files of a record that somebody else may have made: only plain files that lie in it are read, and whole.

A device never ends and a pipe waits for ever; behind a link lies what belongs to the reader and not to the record.
"""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

_HOW = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)  # of a pipe the opening itself would wait
    | getattr(os, "O_NOFOLLOW", 0)
)
LARGEST_DOCUMENT = 2**28
"""Bytes of JSON that the root of a record has at most."""


def open_regular(file: str) -> io.FileIO:
    """A plain file, opened for reading.

    Raises:
        OSError: if it cannot be opened, or is a link, a device, a pipe or a directory.
    """
    try:
        descriptor = os.open(file, _HOW)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _refused(file) from error
        raise
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise _refused(file, mode)
        return io.FileIO(descriptor)
    except BaseException:
        os.close(descriptor)
        raise


def read_regular(file: Path, most: int | None = None) -> bytes:
    """All of a plain file.

    Args:
        file: its path.
        most: bytes that it may have; what fits into the memory of this machine unless it is given.

    Raises:
        OSError: if it cannot be read, is larger, or is no plain file.
    """
    with open_regular(str(file)) as opened:
        size = os.fstat(opened.fileno()).st_size
        if size > min(memory() if most is None else most, memory()):
            raise OSError(errno.EFBIG, f"{file.name} holds {size} bytes, more than szilard reads")
        return opened.read()


def size_of(file: str) -> int:
    """Bytes that a plain file holds.

    Raises:
        OSError: if it is not there, or is a link, a device, a pipe or a directory.
    """
    state = os.lstat(file)
    if not stat.S_ISREG(state.st_mode):
        raise _refused(file, state.st_mode)
    return state.st_size


def check_no_link(directory: str, below: Iterable[str]) -> None:
    """Refuses what is reached through a link.

    Args:
        directory: which may itself be one.
        below: names of the directories on the way from there.

    Raises:
        OSError: if one of them is a link.
    """
    for name in below:
        directory = f"{directory}{os.sep}{name}"
        if os.path.islink(directory):  # noqa: PTH114 - for every chunk: a path would cost more than the reading
            raise _refused(directory)


@lru_cache(maxsize=1)
def memory() -> int:
    """Bytes of memory that this machine has; as good as infinite where it does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows
        return 2**62


def _refused(file: str, mode: int = 0) -> OSError:
    if stat.S_ISDIR(mode):
        return IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    name = Path(file).name
    return OSError(errno.EINVAL, f"{name} is no plain file but a link, a device or a pipe, which szilard does not read")
