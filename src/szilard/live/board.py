"""All runs on the page, refreshed by one thread; whoever shows them waits here for news."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from szilard.errors import RecordError
from szilard.live.quantities import SHOWN
from szilard.live.run import LiveRun
from szilard.records.place import CHECKPOINTS
from szilard.records.root import DIRECTORY, is_record

INTERVAL = 1.0
"""Seconds between looks at least."""
SHARE = 0.05
"""Of one processor's time that looking takes at most."""
SEARCH = 5.0
"""Seconds between searches for new records below the directories given at least."""
DEPTH = 4
"""How far below them records are looked for."""
MOST = 24
"""Runs on one page."""


class Board:
    """The runs on the page.

    Args:
        directories: of records, or of directories that hold some; those that come later are shown, too.

    Attributes:
        runs: in the order in which they were found.
        left_out: how many records there are beyond :data:`MOST`.

    Raises:
        RecordError: if one does not exist.
    """

    def __init__(self, directories: Sequence[Path]) -> None:
        for place in directories:
            if not place.is_dir():
                what = "is not a directory" if place.exists() else "does not exist"
                raise RecordError(f"{place} {what}: give directories of records, or of what holds them.")
        self.runs: list[LiveRun] = []
        self.left_out = 0
        self.changes = threading.Condition()
        self.version = 0
        self._directories = list(dict.fromkeys(directories))
        self._wake, self._end = threading.Event(), False
        self._known: set[Path] = set()
        self._count = 0
        self._search()

    def begin(self) -> None:
        """Refreshes from now on, in a thread of its own."""
        threading.Thread(target=self._work, name="szilard-live", daemon=True).start()

    def end(self) -> None:
        """Lets the thread and all who wait for news end."""
        with self.changes:
            self._end = True
            self.changes.notify_all()
        self._wake.set()

    @property
    def ended(self) -> bool:
        """Whether it was ended."""
        return self._end

    def refresh(self) -> None:
        """Looks at every run once, and tells those who wait."""
        for run in list(self.runs):
            if _refreshed(run):
                self._tell()  # the first figure need not wait for the last record

    def wait(self, version: int, seconds: float) -> int:
        """Waits for news beyond a version, this long at most; the version there is then."""
        with self.changes:
            self.changes.wait_for(lambda: self._end or self.version > version, seconds)
            return self.version

    def shown(self, wanted: Iterable[str]) -> list[str]:
        """The quantities to be shown: what is wanted, or the first that there are; drawn from now on."""
        keys = list(wanted)
        if not keys:
            ranks = {each["key"]: each["rank"] for run in self.runs for each in run.told()}
            keys = sorted(ranks, key=lambda key: ranks[key])[:SHOWN]
        if [run for run in self.runs if run.want(keys)]:
            self._wake.set()
        return keys

    def _tell(self) -> None:
        with self.changes:
            self.version += 1
            self.changes.notify_all()

    def _work(self) -> None:
        searched = took = 0.0
        while not self._end:
            begin, spent = time.monotonic(), time.thread_time()
            if begin - searched > max(SEARCH, 100 * took):
                if self._search():
                    self._tell()
                searched = time.monotonic()
                took = searched - begin
            self.refresh()
            self._wake.wait(max(INTERVAL, (time.thread_time() - spent) / SHARE))
            self._wake.clear()

    def _search(self) -> bool:
        """Finds records that were not there before; whether there are any.

        A directory given is itself a run until something lies below it.
        """
        found = [(place, _records(place)) for place in self._directories]
        fresh = [each for place, below in found for each in (below or [place]) if each not in self._known]
        fresh = [each for each in fresh if is_record(each) or each in self._directories]
        for place, below in found:
            if below and place not in below:
                self.runs = [run for run in self.runs if run.path != place]  # it only waited
        room = MOST - len(self.runs)
        if len(fresh) > room:
            fresh.sort(key=_age)
        self.left_out += max(0, len(fresh) - room)
        self._known.update(fresh)
        for place in sorted(fresh[:room]):
            self.runs.append(LiveRun(place, self._count, self._name(place)))
            self._count += 1
        return bool(fresh)

    def _name(self, place: Path) -> str:
        """A record's path from the one directory that was given, where that holds several; else as it was given."""
        top = self._directories[0]
        alone = len(self._directories) == 1 and place != top
        return place.relative_to(top).as_posix() if alone else str(place)


def _refreshed(run: LiveRun) -> bool:
    """Refreshes a run, whatever lies there: one that cannot be made sense of must not take the others along."""
    try:
        return run.refresh()
    except Exception as error:
        return run.fail(error)


def _age(place: Path) -> float:
    """How old a record is, for the latest to come first."""
    try:
        return -(place / DIRECTORY / "zarr.json").stat().st_mtime
    except OSError:
        return 0.0


def _records(top: Path) -> list[Path]:
    """The records in a directory and some way below it."""
    found = []
    for place, below, _ in os.walk(top):
        here = Path(place)
        if DIRECTORY in below:
            found.append(here)
        deep = len(here.relative_to(top).parts) >= DEPTH
        below[:] = (
            []
            if deep
            else [name for name in below if not name.startswith(".") and name not in (DIRECTORY, CHECKPOINTS)]
        )
    return found
