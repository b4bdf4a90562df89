"""What a writer does beside the training: journal and commits, and what becomes of rows that cannot be written."""

from __future__ import annotations

import abc
import contextlib
import os
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

from szilard.errors import SzilardWarning
from szilard.records.beside import Beside, Job, Patience
from szilard.records.claim import Claim
from szilard.records.journal import Journal
from szilard.records.loss import Forked, Lost, Replaced, cause_of, words_of
from szilard.records.rescue import discard, rescue
from szilard.records.store import Store
from szilard.records.waiting import Waiting

COMMIT_ROWS = 8192
"""As soon as so many rows of a group wait they are committed, so that a journal is quickly read."""
LAST_PATIENCE = 60.0
"""Seconds that ``close()`` waits for the file system."""
ENDING_PATIENCE = 15.0
"""Seconds that the end of the process does, which may be about to be killed."""
SILENT = TimeoutError("the file system does not answer")
"""What is wrong where it hangs."""


class Keeper(abc.ABC):
    """One record under its writer. What touches its files happens in the thread beside the training, in order.

    Attributes:
        path: the record's directory.
    """

    path: Path
    ending: bool = False
    """Whether no training goes on: :meth:`leave` says what could not be written."""

    @abc.abstractmethod
    def _pace(self, seconds: float) -> float:
        """Seconds to the next commit, after one that took so many."""

    @property
    def own(self) -> bool:
        """Whether it is still this process that writes the record."""
        return self._process == os.getpid() and self._claim.held

    @property
    def durable(self) -> bool:
        """Whether every row that was appended is in a file; otherwise some wait in memory for room on the disk."""
        return (self._line is None or self._line.done) and not self._journal.waiting

    def beat(self) -> None:
        """Tells that the writer lives, where nothing is to be written for long."""
        self._claim.beat()

    def leave(self) -> None:
        """Commits what waits, for the process ends without :meth:`close`; another writer may go on with the record.

        Rows that cannot be written are put elsewhere, which a warning says.
        """
        if self._closed or self._lost is not None or not self.own:
            return
        self.ending = True
        error = self._settle()
        if error is not None and self._lost is None and self._saved < self._waiting.total:
            said = words_of(self.path, self._waiting.total, error, self._rescue(), again=False)
            warnings.warn(said, SzilardWarning, stacklevel=2)
        self._end()

    def abandon(self) -> None:
        """Ends at once, as a kill would: another writer may go on with the record."""
        if not self._closed:
            self._end()

    def _begin(self, store: Store, journal: Journal, claim: Claim) -> None:
        self._store, self._journal, self._claim = store, journal, claim
        self._waiting, self._beside, self._process = Waiting(store), Beside(), os.getpid()
        self._columns = self._waiting.growing
        self._closed = self._warned = self._asked = False
        self._error: Exception | None = None
        self._lost: str | None = None
        self._rescued: Path | None = None
        self._saved = 0
        self._line: Job | None = None
        self._patience = Patience()
        self._due, self._took = time.monotonic() + self._pace(0.0), 0.0

    def _log(self, *lines: str) -> None:
        if self._disowned():
            return
        self._line = self._beside.do(lambda: self._write(lines), quick=True)
        if not self._patience.wait(self._line):
            self._error = self._error or SILENT
        if time.monotonic() >= self._due or (self._waiting.most >= COMMIT_ROWS and not self._asked):
            self._ask_commit()
        self._tell()

    def _ask_commit(self) -> Job:
        self._asked = True
        self._due = time.monotonic() + self._pace(self._took)
        return self._beside.do(self._fold)

    def _settle(self) -> Exception | None:
        """Has everything committed; what prevented it, if something did."""
        if not self._ask_commit().wait(ENDING_PATIENCE if self.ending else LAST_PATIENCE):
            return SILENT
        error, self._error = self._error, None
        if isinstance(error, Replaced):
            self._lose(error, quietly=not self.ending)  # close() raises it
        return error

    # Beside the training

    def _write(self, lines: Sequence[str]) -> None:
        try:
            self._journal.append(*lines)
        except Exception as error:
            self._error = error

    def _fold(self) -> None:
        """Commits everything. A training must not stop for what prevents it: the next row tells."""
        begin = time.monotonic()
        self._asked = False
        try:
            self._journal.mark()
            rows, attributes = self._waiting.snapshot()
            self._store.commit(rows, attributes, self._beside.serve)
        except Exception as error:  # a full disk, or whatever is said of a store that was damaged meanwhile
            self._error = error
        else:
            self._waiting.committed(rows, attributes)
            with contextlib.suppress(Exception):  # its lines stay, which does no harm
                self._journal.restart()
            self._claim.beat()
            self._warned, self._error = False, None
        self._took = time.monotonic() - begin
        self._due = max(self._due, time.monotonic() + self._pace(self._took))

    # What went wrong

    def _tell(self) -> None:
        """Warns of what went wrong beside the training since it was last asked, once."""
        error, self._error = self._error, None
        if isinstance(error, Replaced):
            self._lose(error)
        elif error is not None and not self._warned and not self.ending:
            self._warned = True
            warnings.warn(
                f"the record {self.path} cannot be written at the moment ({cause_of(error)}): training goes on and the"
                " rows are kept in memory; make room on the disk, and they are written with the next ones.",
                SzilardWarning,
                stacklevel=4,
            )

    def _disowned(self, quietly: bool = False) -> bool:
        """Whether the record is no longer this writer's; warns once, unless it is said otherwise."""
        if self._lost is None and not self._claim.held:
            forked = self._process != os.getpid()
            self._lose(Forked(self._process) if forked else Replaced(), quietly)
        return self._lost is not None

    def _lose(self, why: Lost, quietly: bool = False) -> None:
        rows = 0 if isinstance(why, Forked) else self._waiting.total
        self._lost = why.words(self.path, rows, self._rescue() if rows else None)
        self._waiting.forget()
        self._claim.forget()
        if not quietly:
            goes_on = "" if self.ending else " Training goes on."
            warnings.warn(f"{self._lost}{goes_on}", SzilardWarning, stacklevel=5)

    def _rescue(self) -> Path | None:
        """Puts what waits elsewhere, and returns where."""
        place = rescue(self._store, self._waiting.lines(), self._rescued)
        self._rescued = place or self._rescued
        self._saved = self._waiting.total
        return place

    def _end(self) -> None:
        self._closed = True
        if self._lost is None and self._waiting.total == 0:
            discard(self._rescued)
        if self._line is None or self._line.done:
            self._journal.close()
        self._beside.end()
        self._claim.release()

    def __del__(self) -> None:
        if not getattr(self, "_closed", True) and self._process == os.getpid() and not sys.is_finalizing():
            self.ending = True
            with contextlib.suppress(Exception):
                self._end() if self.durable else self.leave()
