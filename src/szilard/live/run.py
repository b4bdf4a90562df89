"""One run on the page: its record followed, thinned and banded as it grows, and told from where it was last told."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from szilard.errors import RecordError
from szilard.live.bands import Freedom, freedom
from szilard.live.condition import LEFT, WAITING, Condition, condition, unreadable
from szilard.live.curves import Curves
from szilard.live.follower import Follower
from szilard.live.quantities import SHOWN, Quantity, quantities
from szilard.live.thinning import Place, plain
from szilard.printable import printable
from szilard.records.committed import Committed


class LiveRun:
    """A record on the page. Refreshed by one thread, asked by any.

    Args:
        path: its directory.
        number: by which the page knows it.
        name: what it is called there.

    Attributes:
        condition: how it stands with it.
        version: raised by one whenever there is something to tell.
        generation: likewise whenever another record has taken its place; 0 as long as there was none.
        quantities: that could be drawn.
        grew: when it last grew, in seconds since 1970; None before it did.
        replaced: when another record last took its place; None if none did.
    """

    def __init__(self, path: Path, number: int = 0, name: str = "") -> None:
        self.path, self.number, self.name = path, number, name or str(path)
        self.condition: Condition = WAITING
        self.version = self.generation = 0
        self.quantities: list[Quantity] = []
        self.grew: float | None = None
        self.replaced: float | None = None
        self._follower = Follower(path)
        self._followed = -1
        self._curves: dict[str, Curves] = {}
        self._degrees: dict[str, Freedom] = {}
        self._bands = 1
        self._wanted: set[str] = set()
        self._guard = threading.Lock()

    def want(self, keys: Iterable[str]) -> bool:
        """Has quantities drawn from the next refresh on; whether that is something new."""
        known = {each.key for each in self.quantities}
        with self._guard:
            before = len(self._wanted)
            self._wanted |= known.intersection(keys)
            return len(self._wanted) > before

    def refresh(self) -> bool:
        """Reads what is new; whether there is anything to tell.

        The record is read from its beginning at first, and where further quantities are wanted.
        """
        follower = self._follower
        looked = follower.look()
        if follower.committed is not None and follower.generation != self._followed:
            self._know(follower.committed)
        with self._guard:
            drawn = {key for each in self._curves.values() for key in each.begin}
            curves, fresh = self._curves, self._wanted != drawn or not self._curves
        grew, trouble = False, follower.trouble
        if (looked or fresh) and trouble is None:
            if fresh:
                curves = self._make_curves()
                follower.rewind()
                follower.look()
            try:
                grew = self._read(curves)
            except RecordError as error:
                trouble = error
        if fresh and grew:
            self.grew = follower.touched
        found = self._condition(trouble, grew and not fresh)
        changed = grew or found != self.condition or (fresh and curves is not self._curves)
        with self._guard:
            self._curves, self.condition = curves, found
            self.version += changed
        return changed

    def fail(self, error: Exception) -> bool:
        """Says that something is wrong with the record that nobody thought of; whether that is to be told."""
        found = unreadable(f"{type(error).__name__}: {error}; restore the record from a copy.")
        changed = found != self.condition
        with self._guard:
            self.condition = found
            self.version += changed
        return changed

    def _condition(self, trouble: RecordError | None, grows: bool) -> Condition:
        follower = self._follower
        seen = follower.committed is not None
        found = condition(self.path, follower.attributes, trouble, seen, grows)
        if found is LEFT and follower.look():  # it may have been closed between the two looks
            found = condition(self.path, follower.attributes, follower.trouble, seen, grows)
        return found

    def _read(self, curves: dict[str, Curves]) -> bool:
        """Reads what is new into curves; whether there was anything."""
        grew = False
        for rows in self._follower.news({group: each.columns for group, each in curves.items()}):
            with self._guard:
                curves[rows.group].add(rows, self._bands)
                self.grew, grew = time.time(), True
        return grew

    def _know(self, committed: Committed) -> None:
        """Acquaints itself with a record, another one than before where there was one."""
        attributes, columns = self._follower.attributes, committed.columns
        found = quantities(columns)
        degrees = {
            each.key: None if each.error is None else freedom(each.error.attributes, attributes, columns[each.group])
            for each in found
        }
        with self._guard:
            if self._curves:
                self.replaced = time.time()
            self._followed, self._curves = self._follower.generation, {}
            self.generation += 1
            self.quantities, self._degrees = found, degrees
            self._bands = max(1, sum(len(each.places) for each in found if degrees[each.key] is not None))
            self._wanted = self._wanted.intersection(degrees) or {each.key for each in found[:SHOWN]}

    def _make_curves(self) -> dict[str, Curves]:
        groups = self._follower.committed.columns if self._follower.committed else {}
        with self._guard:
            wanted = [each for each in self.quantities if each.key in self._wanted]
        return {group: Curves([each for each in wanted if each.group == group], self._degrees) for group in groups}

    def head(self) -> dict[str, Any]:
        """What there is to know of the run beside its curves."""
        with self._guard:
            groups = [each.thinned for each in self._curves.values()]
            lasts = [each.last[0] for each in groups if each.last is not None]
            return {
                "name": printable(self.name),
                "version": self.version,
                "generation": self.generation,
                "kind": self.condition.kind,
                "short": self.condition.short,
                "words": self.condition.words,
                "records": max((each.records for each in groups), default=0),
                "step": max(lasts, default=None),
                "grew": self.grew,
                "replaced": self.replaced,
                "damaged": self._follower.damaged,
                "bands": self._bands,
            }

    def told(self) -> list[dict[str, Any]]:
        """What could be drawn, those to be shown first leading, as the page needs to know of it."""
        attributes = self._follower.attributes
        return [each.told(attributes) for each in self.quantities]

    def since(self, known: dict[str, Place], shown: Iterable[str]) -> tuple[dict[str, Any], dict[str, Place]]:
        """What is new of the quantities that somebody looks at.

        Args:
            known: by quantity, how much of it they know.
            shown: the quantities.

        Returns:
            by quantity, its curves as :meth:`szilard.live.thinning.Thinned.since` tells them, each with what is
            certain of it and the last record's standard error; and what is known then.
        """
        with self._guard:
            told, places = {}, {}
            for key in shown:
                group = self._curves.get(key.partition("/")[0])
                if group is None or key not in group.begin:
                    continue
                place = group.thinned.place
                places[key] = place
                if known.get(key) == place:
                    continue
                quantity = next(each for each in group.quantities if each.key == key)
                begin = group.begin[key]
                told[key] = [
                    group.thinned.since(known.get(key, Place()), at)
                    | {"said": group.changes.said(at), "error": plain(group.errors[at : at + 1])[0]}
                    for at in range(begin, begin + len(quantity.places))
                ]
            return told, places
