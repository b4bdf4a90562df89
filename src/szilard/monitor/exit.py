"""What becomes of a record whose loop ended without ``close()``, because it need not call it, by Ctrl-C or an error."""

from __future__ import annotations

import atexit
import sys
import weakref
from typing import Protocol


class Leaving(Protocol):
    """What is under way when the interpreter ends."""

    closed: bool

    def leave(self, error: BaseException | None) -> None:
        """The interpreter ends, by this error or well."""


def end_at_exit(session: Leaving) -> None:
    """Has it leave when the interpreter ends, if it is still there and not closed; it is not kept alive for that."""
    atexit.register(_leave, weakref.ref(session), id(_uncaught()))


def _leave(session: weakref.ref[Leaving], earlier: int) -> None:
    left, last = session(), _uncaught()
    if left is not None and not left.closed:
        left.leave(None if id(last) == earlier or hasattr(sys, "ps1") else last)


def _uncaught() -> BaseException | None:
    """What the interpreter last reported as uncaught: by it a program that ends well is told from one that does not."""
    return getattr(sys, "last_value", None)
