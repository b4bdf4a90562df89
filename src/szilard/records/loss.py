"""How a writer loses its record: another lies in its place, or the process is a fork of the one that writes."""

from __future__ import annotations

import abc
from pathlib import Path
from typing import final

from szilard.records.journal import FILE


class Lost(Exception, abc.ABC):
    """Why a writer may write no more."""

    @abc.abstractmethod
    def words(self, path: Path, rows: int, place: Path | None) -> str:
        """Says so in a sentence: the record's directory, how many rows were not written yet, and where they are."""


@final
class Replaced(Lost):
    """Another record lies where this one was, or another writer goes on with it."""

    def words(self, path: Path, rows: int, place: Path | None) -> str:
        kept = "" if place is None else f"; the last {rows} rows are in {place}, which szilard.open opens"
        return f"the record {path} was replaced or taken up by another writer: nothing more is written there{kept}."


@final
class Forked(Lost):
    """The process was forked from the one that writes.

    Args:
        process: which one that is.
    """

    def __init__(self, process: int) -> None:
        super().__init__(process)
        self._process = process

    def words(self, path: Path, rows: int, place: Path | None) -> str:
        return (
            f"the record {path} is written by process {self._process}, from which this one was forked: nothing is"
            " recorded here; make the monitor in the process that trains."
        )


def words_of(path: Path, rows: int, error: Exception, place: Path | None, again: bool = True) -> str:
    """Says that rows could not be written, why, what to do, and where they are."""
    remedy = "make room"
    if isinstance(error, FileNotFoundError | TimeoutError):
        remedy = "bring it back"
    call = f"; {remedy} and call close() again" if again else ""
    where = "and there is no room for temporary files either"
    if place is not None:
        where = (
            f"they are in {place}, which szilard.open opens and whose {FILE}, copied into the record, makes it whole"
        )
    return f"{rows} rows of the record {path} could not be written: {cause_of(error)}{call}; {where}."


def cause_of(error: Exception) -> str:
    """What went wrong, in the system's words."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
