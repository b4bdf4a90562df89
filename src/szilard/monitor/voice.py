"""What a monitor says to whoever runs the loop: lines on stderr, and warnings that point at their own code."""

from __future__ import annotations

import sys
import warnings
from typing import final

from szilard.errors import SzilardWarning
from szilard.printable import encodable

_INSIDE = ("szilard", "torch")


@final
class Voice:
    """Says and warns.

    Args:
        quiet: says nothing; warnings are given all the same.
        mute: not even these, as on a rank beside the one that speaks.
    """

    def __init__(self, quiet: bool, *, mute: bool = False) -> None:
        self._quiet, self._mute = quiet or mute, mute
        self._warned: set[str] = set()

    def say(self, message: str) -> None:
        """A line that may be left unread; nothing where there is nothing to say."""
        if message and not self._quiet:
            print(encodable(f"szilard: {message}", sys.stderr), file=sys.stderr)

    def warn(self, message: str) -> None:
        """Something that had better be known, at the line outside of szilard and torch that led here."""
        if self._mute:
            return
        frame, level = sys._getframe(1), 2
        while frame.f_back is not None and frame.f_globals.get("__name__", "").split(".")[0] in _INSIDE:
            frame, level = frame.f_back, level + 1
        warnings.warn(message, SzilardWarning, stacklevel=level)

    def warn_once(self, message: str) -> None:
        """The same, but not again in the same words."""
        if message not in self._warned:
            self._warned.add(message)
            self.warn(message)
