"""The boundary between a record, which anybody may have written, and who reads it: whatever goes wrong is one error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from szilard.errors import RecordError, SzilardError
from szilard.printable import printable

_LONGEST = 200
"""Characters of an error that are quoted."""


@contextmanager
def at_boundary(path: Path, doing: str, passing: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Has whatever goes wrong while a record is read or judged become one :class:`~szilard.errors.RecordError`.

    It is chained to what went wrong, so that a mistake of szilard's own can still be found. Errors of szilard's own and
    warnings that were made errors pass as they are, and so does a package that is missing here.

    Args:
        path: the record's directory.
        doing: what is being done, as it completes "the record … cannot be".
        passing: what else passes as it is, since the caller tells it in words of its own.

    Raises:
        RecordError: if it cannot be done.
    """
    allowed: tuple[type[Exception], ...] = (SzilardError, Warning, ImportError, *passing)
    try:
        yield
    except allowed:
        raise
    except MemoryError as error:
        raise RecordError(
            f"the record {path} cannot be {doing}: it does not fit into the memory of this machine; open it on a larger"
            " one, or restore it from a copy if it was edited."
        ) from error
    except Exception as error:
        said = printable(f"{type(error).__name__}: {error}")
        raise RecordError(
            f"the record {path} cannot be {doing} ({said[:_LONGEST]}): restore it from a copy if it was edited or"
            " damaged; if nobody edited it, please report this with the record."
        ) from error


class _Lies(Protocol):
    path: Path


Holder = TypeVar("Holder", bound=_Lies)
Taken = ParamSpec("Taken")
Given = TypeVar("Given")


def bounded(
    doing: str, passing: tuple[type[Exception], ...] = ()
) -> Callable[[Callable[Concatenate[Holder, Taken], Given]], Callable[Concatenate[Holder, Taken], Given]]:
    """Puts a method of what has the ``path`` of a record at its boundary, with the arguments of :func:`at_boundary`."""

    def put(method: Callable[Concatenate[Holder, Taken], Given]) -> Callable[Concatenate[Holder, Taken], Given]:
        @wraps(method)
        def within(self: Holder, /, *args: Taken.args, **kwargs: Taken.kwargs) -> Given:
            with at_boundary(self.path, doing, passing):
                return method(self, *args, **kwargs)

        return within

    return put
