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
from szilard.records.boundary import at_boundary
from szilard.records.claim import LOCK, Claim, check_free
from szilard.records.committed import load_committed, merge
from szilard.records.journal import FILE, Journal, read_journal
from szilard.records.loss import cause_of
from szilard.records.root import (
    ASIDE,
    DIRECTORY,
    DRAFT,
    IDENTITY,
    current,
    is_record,
    is_store,
    new_identity,
    read_root,
    record_of,
)
from szilard.records.schema import SCHEMA_VERSION, Group
from szilard.records.store import Store

BELONGINGS = (journal.FILE, "journal.partial", "report.html")
"""Files that lie beside the store and are part of the record."""
CHECKPOINTS = "checkpoints"
"""The folder of an ensemble that is not finished."""


def check_vacant(path: Path, overwrite: bool, claimed: bool = False) -> None:
    """Refuses a place where something lies that must not be lost, or where somebody writes.

    Args:
        path: the directory.
        overwrite: whether a record there may be replaced.
        claimed: whether it is the caller who may write there.

    Raises:
        RecordError: if it is a file or a directory that is no record, a record that is not to be overwritten, or one
            that is being written.
    """
    try:
        if not path.exists() and not path.is_symlink():
            return
        if not path.is_dir():
            raise RecordError(f"{path} is not a directory: choose another place for the record.")
        if not claimed:
            check_free(path)
        if is_record(path):
            if not overwrite:
                going_on = ""
                if (path / CHECKPOINTS).is_dir():
                    going_on = " It was interrupted and can go on: resume=True, on the command line --resume."
                raise RecordError(
                    f"{path} already holds a record: choose another place, or have it replaced (overwrite=True, on the"
                    f" command line --overwrite).{going_on}"
                )
        elif any(each.name != LOCK for each in path.iterdir()) and not _left_by_a_kill(path):
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
    alone = {each.name for each in path.iterdir()} <= {DRAFT, LOCK}
    return alone and all(each.is_dir() or each.suffix == ".partial" for each in draft.rglob("*"))


def remove_record(path: Path) -> None:
    """Takes the record in directory ``path`` out of the way of a new one, and nothing that is not part of it.

    Its store is set aside, where it is read until the new one is in its place; :func:`discard_old` deletes it then.

    Raises:
        OSError: if something cannot be moved or deleted.
    """
    store, aside = path / DIRECTORY, path / ASIDE
    if not is_store(store):  # what an earlier version left of one: an empty directory
        if store.is_dir() and not store.is_symlink():
            store.rmdir()
        return
    _delete(aside)
    identity = read_root(path)[0].get(IDENTITY)
    store.rename(aside)
    if identity is None:  # its journal does not say whose it is, and would be taken for the new record's
        (path / FILE).unlink(missing_ok=True)


def discard_old(path: Path) -> None:
    """Deletes what is left of a record that was replaced.

    Raises:
        OSError: if something cannot be deleted.
    """
    for name in BELONGINGS:
        (path / name).unlink(missing_ok=True)
    shutil.rmtree(path / CHECKPOINTS, ignore_errors=True)
    _delete(path / ASIDE)


def _delete(store: Path) -> None:
    """Deletes a store; its root goes last, so that it is known for one until then."""
    if store.is_symlink():
        store.unlink()
        return
    if not store.is_dir():
        return
    for part in store.iterdir():
        if part.is_dir() and not part.is_symlink():
            shutil.rmtree(part)
        elif part.name != "zarr.json":
            part.unlink()
    (store / "zarr.json").unlink(missing_ok=True)
    store.rmdir()


def claimed(path: Path) -> Claim:
    """The right to write in directory ``path``.

    Raises:
        RecordError: if somebody writes there, or nothing can be written.
    """
    try:
        return Claim.take(path)
    except OSError as error:
        raise RecordError(f"no record can be made in {path} ({cause_of(error)}): choose another place.") from error


def begin(
    path: Path, groups: Sequence[Group], attributes: Mapping[str, Any], overwrite: bool, claim: Claim | None
) -> tuple[Store, Journal, Claim]:
    """A new store in directory ``path``, its journal, and the right to write there, taken unless it is given.

    Raises:
        RecordError: if something is in the way, somebody writes there, or it cannot be written.
    """
    check_vacant(path, overwrite, claimed=claim is not None)
    try:
        claim = claim or Claim.take(path)
        with claim.unless_it_fails():
            check_vacant(path, overwrite, claimed=True)  # another may have been first, and gone again
            return create(path, groups, attributes), Journal(path / FILE), claim
    except OSError as error:
        raise RecordError(f"no record can be made in {path} ({cause_of(error)}): choose another place.") from error


def go_on(path: Path, claim: Claim | None) -> tuple[Store, Journal, Claim]:
    """The store of the record in directory ``path`` to go on with, its journal, and the right to write there.

    The right is taken unless it is given, from another writer of this process, too.

    Raises:
        RecordError: if there is no record, it is damaged, somebody writes it, or it cannot be written.
    """
    read_root(path)
    try:
        claim = claim or Claim.take_over(path)
        with claim.unless_it_fails():
            with at_boundary(path, "gone on with", passing=(OSError,)):
                store = recover(path)
            journal = Journal(path / FILE)
            journal.restart()
            return store, journal, claim
    except OSError as error:
        raise RecordError(f"the record {path} cannot be written: {cause_of(error)}.") from error


def create(path: Path, groups: Sequence[Group], attributes: Mapping[str, Any]) -> Store:
    """An empty store in directory ``path``, which the caller has claimed; a record that lies there is replaced by it.

    At every moment the old record can be read or the new one.

    Raises:
        RecordError: if a name or a dimension does not fit.
        OSError: if it cannot be written.
    """
    given = {
        "schema_version": SCHEMA_VERSION,
        "szilard_version": __version__,
        "status": "running",
        "notes": 0,
        IDENTITY: new_identity(),
    }
    replaces = is_record(path) or (path / DIRECTORY).exists()
    store = Store.create(
        path / DIRECTORY, groups, {**attributes, **given}, lambda: remove_record(path) if replaces else None
    )
    discard_old(path)
    return store


def recover(path: Path) -> Store:
    """The store of the record in directory ``path``, which the caller has claimed, to go on with.

    Its journal's rows are committed, its status is ``"running"`` and its identity says that another writer has it.

    Raises:
        RecordError: if there is no record, or it is damaged.
        OSError: if it cannot be written.
    """
    if not is_store(path / DIRECTORY) and is_store(path / ASIDE):  # killed while it was being replaced
        (path / ASIDE).rename(path / DIRECTORY)
    journal = read_journal(path / FILE)  # the journal first: see szilard.records.reader
    committed = load_committed(path)
    _delete(path / ASIDE)
    rows = merge(committed, journal)
    store = Store(committed)
    store.trim(committed)
    given = {"status": "running", IDENTITY: new_identity(record_of(committed.attributes.get(IDENTITY)))}
    store.commit(rows, {**current(committed.attributes, journal), **given})
    return store
