"""Where a record may be written, and the two ways to a store that can be written: a new one, and one to go on with.

A record may be written in a new or empty directory, or in place of another record when told so.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from szilard import __version__
from szilard.errors import RecordError
from szilard.records import journal
from szilard.records.committed import load_committed, merge
from szilard.records.journal import FILE, read_journal
from szilard.records.root import DIRECTORY, DRAFT, current, is_record, is_store
from szilard.records.schema import SCHEMA_VERSION, Group
from szilard.records.store import Store

BELONGINGS = (journal.FILE, "journal.partial", "report.html")
"""Files that lie beside the store and are part of the record."""
CHECKPOINTS = "checkpoints"
"""The folder of an ensemble that is not finished."""


def check_vacant(path: Path, overwrite: bool) -> None:
    """Refuses a place where something lies that must not be lost.

    Raises:
        RecordError: if it is a file or a directory that is no record, or a record that is not to be overwritten.
    """
    try:
        if not path.exists() and not path.is_symlink():
            return
        if not path.is_dir():
            raise RecordError(f"{path} is not a directory: choose another place for the record.")
        if is_record(path):
            if not overwrite:
                going_on = ""
                if (path / CHECKPOINTS).is_dir():
                    going_on = " It was interrupted and can go on: resume=True, on the command line --resume."
                raise RecordError(
                    f"{path} already holds a record: choose another place, or have it replaced (overwrite=True, on the"
                    f" command line --overwrite).{going_on}"
                )
        elif any(path.iterdir()) and not _left_by_a_kill(path):
            raise RecordError(f"{path} holds something that is no record of szilard: choose another place for it.")
    except OSError as error:
        raise RecordError(
            f"no record can be made in {path} ({error.strerror or error}): choose another place."
        ) from error


def _left_by_a_kill(path: Path) -> bool:
    """Whether a directory without a record is one where a record was just being made, or replaced.

    Its draft tells: the one that replaces a record is complete before that record goes, so only a new one may be
    without its root, and then nothing lies beside it.

    Raises:
        OSError: if the directory cannot be read.
    """
    draft, store = path / DRAFT, path / DIRECTORY
    if draft.is_symlink() or not draft.is_dir():
        return False
    if store.is_symlink() or store.exists():
        # The last that remove_record leaves of a store is the empty directory.
        return is_store(draft) and store.is_dir() and not store.is_symlink() and not any(store.iterdir())
    if is_store(draft):
        return True
    alone = [each.name for each in path.iterdir()] == [DRAFT]
    return alone and all(each.is_dir() or each.suffix == ".partial" for each in draft.rglob("*"))


def remove_record(path: Path) -> None:
    """Deletes the record in directory ``path``, and nothing that is not part of it. Its root goes last.

    Raises:
        OSError: if something cannot be deleted.
    """
    store = path / DIRECTORY
    for name in BELONGINGS:
        (path / name).unlink(missing_ok=True)
    shutil.rmtree(path / CHECKPOINTS, ignore_errors=True)
    if store.is_symlink():
        store.unlink()
        return
    for part in store.iterdir():
        if part.is_dir() and not part.is_symlink():
            shutil.rmtree(part)
        elif part.name != "zarr.json":
            part.unlink()
    (store / "zarr.json").unlink(missing_ok=True)
    store.rmdir()


def create(path: Path, groups: Sequence[Group], attributes: Mapping[str, Any], overwrite: bool) -> Store:
    """An empty store in directory ``path``; a record that lies there is removed once the new one is whole.

    Raises:
        RecordError: if something is in the way, or a name or a dimension does not fit.
        OSError: if it cannot be written.
    """
    check_vacant(path, overwrite)
    given = {"schema_version": SCHEMA_VERSION, "szilard_version": __version__, "status": "running", "notes": 0}
    path.mkdir(parents=True, exist_ok=True)

    def make_way() -> None:
        if (path / DIRECTORY).exists():
            remove_record(path)

    return Store.create(path / DIRECTORY, groups, {**attributes, **given}, make_way)


def recover(path: Path) -> Store:
    """The store of the record in directory ``path``, its journal's rows committed and its status ``"running"``.

    Raises:
        RecordError: if there is no record, or it is damaged.
        OSError: if it cannot be written.
    """
    journal = read_journal(path / FILE)  # the journal first: see szilard.records.reader
    committed = load_committed(path)
    rows = merge(committed, journal)
    store = Store(committed)
    store.trim(committed)
    store.commit(rows, {**current(committed.attributes, journal), "status": "running"})
    return store
