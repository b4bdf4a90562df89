"""Locks on open files that the system drops when the process that holds them ends, however it ends."""

from __future__ import annotations

import errno
import os
import sys

_TAKEN = {errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK}
"""What a file says that is locked elsewhere; whatever else it says, there are no locks to rely on."""

if sys.platform == "win32":
    import msvcrt

    _BEYOND = 1 << 30
    """A byte that is locked cannot be read by others: one far behind the file's end."""

    def lock(file: int) -> bool | None:
        """Locks an open file; False if it is locked elsewhere, None where the file system knows no locks."""
        os.lseek(file, _BEYOND, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            return False if error.errno in _TAKEN else None
        finally:
            os.lseek(file, 0, os.SEEK_SET)
        return True

    def locked_by_other(file: int) -> bool | None:
        """Whether a file just opened is locked elsewhere; None where the file system knows no locks."""
        taken = lock(file)
        if taken:
            os.lseek(file, _BEYOND, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_UNLCK, 1)
        return None if taken is None else not taken

else:
    import fcntl

    def lock(file: int) -> bool | None:
        """Locks an open file; False if it is locked elsewhere, None where the file system knows no locks."""
        return _flock(file, fcntl.LOCK_EX)

    def locked_by_other(file: int) -> bool | None:
        """Whether a file just opened is locked elsewhere; None where the file system knows no locks."""
        taken = _flock(file, fcntl.LOCK_SH)  # shared: those who only look are in nobody's way but a writer's
        if taken:
            fcntl.flock(file, fcntl.LOCK_UN)
        return None if taken is None else not taken

    def _flock(file: int, how: int) -> bool | None:
        try:
            fcntl.flock(file, how | fcntl.LOCK_NB)
        except OSError as error:
            return False if error.errno in _TAKEN else None
        return True
