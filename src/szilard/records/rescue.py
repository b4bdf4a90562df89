"""Rows that cannot be written where they belong are put where they can, and it is said where."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from szilard.records.journal import FILE
from szilard.records.root import DIRECTORY
from szilard.records.store import Store


def rescue(store: Store, lines: Sequence[str], before: Path | None = None) -> Path | None:
    """Writes a record of those rows alone into a directory for temporary files.

    It can be opened as it is. Its journal is that of the record: copied there, it makes it whole.

    Args:
        store: of the record.
        lines: of its journal, which hold the rows.
        before: the directory into which earlier ones of them were written, and which was named: it is written anew.

    Returns:
        The directory; None if nothing can be written there either.
    """
    contents = "".join(f"{line}\n" for line in lines).encode()
    if before is not None and (before / FILE).is_file():
        return before if _written_anew(before / FILE, contents) else None
    try:
        place = Path(tempfile.mkdtemp(prefix="szilard-rescued-"))
    except OSError:
        return None
    try:
        store.lay_out_again(place / DIRECTORY)
        (place / FILE).write_bytes(contents)
    except OSError:
        shutil.rmtree(place, ignore_errors=True)
        return None
    return place


def _written_anew(file: Path, contents: bytes) -> bool:
    """Whether the file could be replaced; otherwise it stays as it is."""
    draft = file.with_suffix(".partial")
    try:
        draft.write_bytes(contents)
        draft.replace(file)
    except OSError:
        draft.unlink(missing_ok=True)
        return False
    return True


def discard(place: Path | None) -> None:
    """Removes what was rescued: it is where it belongs by now."""
    if place is not None:
        shutil.rmtree(place, ignore_errors=True)
