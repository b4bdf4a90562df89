"""What a record's training has handed over and the store does not hold yet: it adds while a commit takes."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any, final

from szilard.errors import RecordError, nearest
from szilard.records import strict_json
from szilard.records.column import Packed, growing, pack_coordinate, pack_row
from szilard.records.described import plain
from szilard.records.root import IDENTITY
from szilard.records.store import Store

Rows = dict[str, list[Packed]]


@final
class Waiting:
    """Rows and attributes of one record that are not committed yet, and the lines of the journal that hold them.

    Args:
        store: where they will go.
    """

    def __init__(self, store: Store) -> None:
        self.attributes = dict(store.attributes)
        self.growing = {group: growing(columns) for group, columns in store.columns.items()}
        self.counts = dict(store.lengths)
        """Of each group the number of rows, committed or not."""
        self._all = store.columns
        self._rows: Rows = {group: [] for group in store.columns}
        self._guard = threading.Lock()

    def add(self, group: str, step: int, row: Mapping[str, Any]) -> str:
        """Adds a row, and returns its line.

        Raises:
            RecordError: if the group or a column does not exist, or a value does not fit.
        """
        if group not in self.growing:
            raise RecordError(f"the record has no group {group!r}: {nearest(group, self.growing)}")
        packed = pack_row(group, self.growing[group], step, row)
        line = self._line(group, self.counts[group], packed)
        with self._guard:
            self._rows[group].append(packed)
            self.counts[group] += 1
        return line

    def annotate(self, attributes: Mapping[str, Any]) -> str:
        """Sets attributes, and returns the line that says so.

        Raises:
            RecordError: if a value is no JSON.
        """
        changes = plain(attributes)
        with self._guard:
            number = self.attributes["notes"] + 1
            self.attributes |= {**changes, "notes": number}
        return strict_json.dumps({"note": number, "attributes": changes, "of": self.attributes[IDENTITY]})

    def set_coordinate(self, group: str, name: str, values: Sequence[float]) -> str:
        """Gives a dimension other values, and returns the line that says so.

        Raises:
            RecordError: if there is no such dimension, or there are too few or too many values.
        """
        packed = pack_coordinate(group, name, self._all.get(group, {}), values)
        return self.annotate({"coordinates": {**self.attributes.get("coordinates", {}), f"{group}/{name}": packed}})

    def snapshot(self) -> tuple[Rows, dict[str, Any]]:
        """What a commit is to write: rows by group, and the attributes."""
        with self._guard:
            return {group: list(rows) for group, rows in self._rows.items()}, dict(self.attributes)

    def committed(self, rows: Rows, attributes: Mapping[str, Any]) -> None:
        """What a snapshot held is in the store."""
        with self._guard:
            for group, done in rows.items():
                del self._rows[group][: len(done)]
            if self.attributes.get("coordinates") == attributes.get("coordinates"):
                self.attributes.pop("coordinates", None)

    def forget(self) -> None:
        """Nothing waits any more: it is elsewhere."""
        with self._guard:
            for rows in self._rows.values():
                rows.clear()

    @property
    def most(self) -> int:
        """How many rows wait in the group in which most do."""
        return max(map(len, self._rows.values()))

    @property
    def total(self) -> int:
        """How many rows wait."""
        return sum(map(len, self._rows.values()))

    def lines(self) -> list[str]:
        """A journal of everything that waits."""
        rows, attributes = self.snapshot()
        note = {"note": attributes["notes"] + 1, "attributes": attributes, "of": attributes[IDENTITY]}
        found = [strict_json.dumps(note)]
        for group, packed in rows.items():
            first = self.counts[group] - len(packed)
            found += [self._line(group, first + at, row) for at, row in enumerate(packed)]
        return found

    def _line(self, group: str, index: int, packed: Packed) -> str:
        return strict_json.dumps({"group": group, "index": index, "row": packed, "of": self.attributes[IDENTITY]})
