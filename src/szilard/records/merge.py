"""Joining a journal to the commit it follows: every row once, in order, whatever the moment it was interrupted."""

from __future__ import annotations

import warnings

from szilard.errors import RecordError, SzilardWarning
from szilard.records.column import growing
from szilard.records.committed import Committed
from szilard.records.journal import Contents
from szilard.records.rows import Packed, pack_row


def merge(committed: Committed, journal: Contents) -> dict[str, list[Packed]]:
    """The journal's rows beyond the commit, by group, packed and complete.

    The journal must have been read before the commit: a row that leaves it meanwhile is then in the commit, and a row
    that is in both is known by its index. Damaged lines are left out with a warning.
    """
    damaged = len(journal.unreadable)
    columns = {group: growing(found) for group, found in committed.columns.items()}
    rows: dict[str, dict[int, Packed]] = {group: {} for group in committed.columns}
    for row in journal.rows:
        try:
            if row.index >= committed.lengths[row.group]:
                rows[row.group][row.index] = pack_row(row.group, columns[row.group], row.values["step"], row.values)
        except (KeyError, RecordError):
            damaged += 1
    if damaged:
        warnings.warn(
            f"{damaged} damaged line(s) in the journal of the record {committed.path.parent} were left out: "
            "the rows they held are lost.",
            SzilardWarning,
            stacklevel=3,
        )
    return {group: [found[index] for index in sorted(found)] for group, found in rows.items()}
