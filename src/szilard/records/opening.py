"""The two ways to a store that can be written: a new one, and one to go on with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from szilard import __version__
from szilard.records.attributes import current
from szilard.records.committed import load_committed
from szilard.records.journal import FILE, read_journal
from szilard.records.merge import merge
from szilard.records.place import check_vacant, remove_record
from szilard.records.root import DIRECTORY
from szilard.records.schema import SCHEMA_VERSION, Group
from szilard.records.store import Store


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
