"""How it stands with a record that is followed, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from szilard.errors import RecordError
from szilard.printable import printable
from szilard.records.claim import check_free


@dataclass(frozen=True, slots=True)
class Condition:
    """How it stands with a record.

    Attributes:
        kind: ``waiting``, ``written``, ``complete``, ``broken``, ``left``, ``gone`` or ``damaged``.
        short: one word or two.
        words: a sentence.
    """

    kind: str
    short: str
    words: str


WAITING = Condition("waiting", "no record yet", "There is no record here yet: it is shown as soon as one is begun.")
WRITTEN = Condition("written", "being written", "It is being written.")
COMPLETE = Condition("complete", "complete", "The run was closed in order.")
GONE = Condition(
    "gone",
    "gone",
    "The record has been moved or deleted: what was seen of it stays here for as long as szilard live runs.",
)
LEFT = Condition(
    "left",
    "left unclosed",
    "Nobody writes it and it was never closed: its process was killed, or it is to be resumed. All that it wrote is"
    " here.",
)


def condition(
    path: Path, attributes: Mapping[str, Any], trouble: RecordError | None, seen: bool, grows: bool
) -> Condition:
    """How it stands with the record in a directory.

    Args:
        path: the directory.
        attributes: of the record as they were last seen.
        trouble: why it cannot be read at the moment.
        seen: whether there was a record before.
        grows: whether it has grown since it was last looked at, which saves asking whether somebody writes it.
    """
    if trouble is not None:
        if not is_there(path):
            return GONE if seen else WAITING
        return unreadable(str(trouble))
    status = attributes.get("status")
    if status == "complete":
        return COMPLETE
    if status == "broken":
        step, why = attributes.get("broken_at_step"), attributes.get("broken_because") or "no reason was recorded"
        where = "" if step is None else f" at step {step}"
        return Condition("broken", "broke", printable(f"The run broke{where}: {why}. Everything before is kept."))
    return WRITTEN if grows or is_written(path) else LEFT


def unreadable(why: str) -> Condition:
    """That a record cannot be read."""
    return Condition("damaged", "cannot be read", f"It cannot be read: {printable(why)}")


def is_there(path: Path) -> bool:
    """Whether a directory holds anything that a record leaves."""
    try:
        return any(each.name.startswith(("record.", "journal.")) for each in path.iterdir())
    except OSError:
        return False


def is_written(path: Path) -> bool:
    """Whether somebody has the right to write a record, in this process or another."""
    try:
        check_free(path)
    except RecordError:
        return True
    return False
