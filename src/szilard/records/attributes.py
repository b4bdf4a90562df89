"""The attributes of a record as a reader sees them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from szilard.records.journal import FILE, Contents, read_journal
from szilard.records.root import read_root

INTERNAL = ("notes", "coordinates")
"""They serve the writing alone."""
ENDED = ("complete", "broken")
"""A run with any other status never said how it ended: it is still going, or it was killed."""


def read_attributes(path: str | Path) -> dict[str, Any]:
    """The attributes of the record in directory ``path``, without reading its numbers.

    Raises:
        RecordError: if there is no record, its root is damaged, or a newer szilard wrote it.
    """
    journal = read_journal(Path(path) / FILE)  # first, as in szilard.records.reader
    return shown(current(read_root(Path(path))[0], journal))


def current(committed: Mapping[str, Any], journal: Contents) -> dict[str, Any]:
    """The committed attributes with the journal's changes that are not among them yet."""
    attributes = dict(committed)
    for number, changes in sorted(journal.notes, key=lambda note: note[0]):
        if number > attributes.get("notes", 0):
            attributes |= {**changes, "notes": number}
    return attributes


def shown(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes without internal ones, and a run that never ended called ``"incomplete"``."""
    visible = {key: value for key, value in attributes.items() if key not in INTERNAL}
    return visible | {"status": visible.get("status") if visible.get("status") in ENDED else "incomplete"}
