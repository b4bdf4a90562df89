"""The root of a record's store as plain JSON: enough to know a record and its attributes without reading its numbers.

Here is also what a reader sees of the attributes: those of the last commit, with the journal's changes.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from szilard.errors import RecordError
from szilard.printable import printable
from szilard.records import strict_json
from szilard.records.boundary import at_boundary
from szilard.records.described import check_attributes
from szilard.records.journal import FILE, Contents, read_journal
from szilard.records.regular import LARGEST_DOCUMENT, check_no_link, read_regular
from szilard.records.schema import SCHEMA_VERSION

DIRECTORY = "record.zarr"
DRAFT = "record.draft"
"""Where a new store is laid out before it moves to its place."""
ASIDE = "record.old"
"""Where the store that it replaces lies meanwhile, to be deleted then."""
IDENTITY = "identity"
"""The attribute by which a writer knows that the record is still the one it writes."""

Document = dict[str, Any]


def is_record(path: Path) -> bool:
    """Whether a directory holds a record of szilard, of whatever version."""
    return is_store(store_of(path))


def identity_of(root: Path) -> str | None:
    """The identity that a root's document tells; None where it is damaged or of a version that knew none.

    Raises:
        OSError: if it cannot be read.
    """
    try:
        identity = strict_json.loads(read_regular(root, LARGEST_DOCUMENT))["attributes"].get(IDENTITY)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return identity if isinstance(identity, str) else None


def new_identity(record: str | None = None) -> str:
    """An identity for a new record, or for another writer of the one that is given."""
    return f"{record or secrets.token_hex(6)}-{secrets.token_hex(6)}"


def record_of(identity: Any) -> str | None:
    """The part of an identity that stays when another writer goes on with the record."""
    return identity.partition("-")[0] if isinstance(identity, str) else None


def store_of(path: Path) -> Path:
    """The store of the record in a directory: the old one as long as a new one is not in its place yet."""
    store, old = path / DIRECTORY, path / ASIDE
    return old if not (store / "zarr.json").exists() and is_store(old) else store


def is_store(path: Path) -> bool:
    """Whether a directory is the store of a record, of whatever version, finished or not."""
    try:
        root = strict_json.loads(read_regular(path / "zarr.json", LARGEST_DOCUMENT))
        return "schema_version" in root["attributes"] and "szilard_version" in root["attributes"]
    except (OSError, ValueError, KeyError, TypeError):
        return False


def read_root(path: Path) -> tuple[Document, dict[str, Document]]:
    """The attributes of the record in directory ``path``, and the documents of its groups and arrays, by name.

    Raises:
        RecordError: if there is no record, its root is damaged, or it was written by a newer szilard.
    """
    store = store_of(path)
    try:
        check_no_link(str(path), (store.name,))
        data = read_regular(store / "zarr.json", LARGEST_DOCUMENT)
    except (FileNotFoundError, NotADirectoryError) as error:
        what = "is not a record of szilard" if path.exists() else "does not exist"
        raise RecordError(f"{path} {what}: give the directory that holds {DIRECTORY}.") from error
    except OSError as error:
        raise RecordError(f"the record {path} cannot be read: {error.strerror or error}.") from error
    try:
        root = strict_json.loads(data)
        attributes, documents = root["attributes"], root["consolidated_metadata"]["metadata"]
        if not isinstance(attributes, dict) or not isinstance(documents, dict):
            raise TypeError("no mappings")
        _check_version(path, attributes)
        check_attributes(attributes)
    except (ValueError, KeyError, TypeError) as error:
        raise RecordError(
            f"{store}/zarr.json is damaged: restore the record from a copy ({printable(error)})."
        ) from error
    return attributes, documents


def check_listed(store: Path, documents: Mapping[str, Document]) -> None:
    """Refuses a root that leaves out what lies in its store: all of that was laid out with it.

    Raises:
        RecordError: naming what it leaves out.
    """
    try:
        groups = _directories(store)
        found = [*groups, *(f"{group}/{name}" for group in groups for name in _directories(store / group))]
    except OSError as error:
        raise RecordError(f"the record {store.parent} cannot be read: {error.strerror or error}.") from error
    left = [place for place in found if place not in documents]
    if left:
        raise RecordError(
            f"{store}/zarr.json is damaged: it leaves out {printable(left[0])!r}, which lies in the store; restore the"
            " record from a copy."
        )


def _directories(place: Path) -> list[str]:
    with os.scandir(place) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))


def _check_version(path: Path, attributes: Document) -> None:
    version = attributes.get("schema_version")
    if type(version) is not int:
        raise RecordError(f"{path} is not a record of szilard: its store has no schema_version.")
    if version > SCHEMA_VERSION:
        raise RecordError(
            f"{path} was written by szilard {printable(attributes.get('szilard_version', 'of a later version'))} "
            f"(schema {version}; this one reads up to {SCHEMA_VERSION}): upgrade szilard to open it."
        )


INTERNAL = ("notes", "coordinates", IDENTITY)
"""They serve the writing alone."""
ENDED = ("complete", "broken")
"""A run with any other status never said how it ended: it is still going, or it was killed."""


def read_attributes(path: str | Path) -> dict[str, Any]:
    """The attributes of the record in directory ``path``, without reading its numbers.

    Raises:
        RecordError: if there is no record, its root is damaged, or a newer szilard wrote it.
    """
    with at_boundary(Path(path), "read"):
        journal = read_journal(Path(path) / FILE)  # first, as in szilard.records.reader
        return shown(current(read_root(Path(path))[0], journal))


def current(committed: Mapping[str, Any], journal: Contents) -> dict[str, Any]:
    """The committed attributes with the journal's changes that are not among them yet."""
    attributes = dict(committed)
    mine = journal.belonging_to(committed.get(IDENTITY))
    for number, changes, _ in sorted(mine.notes, key=lambda note: note[0]):
        if number > (attributes.get("notes") or 0):
            attributes |= {**changes, "notes": number}
    return attributes


def shown(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes without internal ones, and a run that never ended called ``"incomplete"``."""
    visible = {key: value for key, value in attributes.items() if key not in INTERNAL}
    return visible | {"status": visible.get("status") if visible.get("status") in ENDED else "incomplete"}
