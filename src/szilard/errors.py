"""The errors and warnings szilard raises, so that callers can catch them by name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class SzilardError(Exception):
    """Base of every error of szilard's own: one sentence that says what happened, where, and what to do."""


class ModelError(SzilardError, ValueError):
    """The model, its inputs or its output are not what a parametric probabilistic model needs."""


class SpecError(SzilardError, ValueError):
    """An experiment, data set, key or option does not exist or does not fit."""


class DataError(SzilardError):
    """A data set cannot be had, or is damaged."""


class RecordError(SzilardError):
    """A record cannot be read or written."""


class SzilardWarning(UserWarning):
    """Something a user should know that does not stop the run."""


def nearest(name: str, known: Iterable[str]) -> str:
    """A clause naming the closest known name, or all of them: the tail of a 'no such …' message.

    Example:
        >>> nearest("minst", ["digits", "mnist"])
        "did you mean 'mnist'?"
    """
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return "known: " + ", ".join(known) + "."
