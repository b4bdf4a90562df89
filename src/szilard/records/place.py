"""Where a record may be written: in a new or empty directory, or in place of another record when told so."""

from __future__ import annotations

import shutil
from pathlib import Path

from szilard.errors import RecordError
from szilard.records import journal
from szilard.records.root import DIRECTORY, is_record

BELONGINGS = (journal.FILE, "journal.partial", "report.html")
"""Files that lie beside the store and are part of the record."""


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
                raise RecordError(
                    f"{path} already holds a record: choose another place, or have it replaced (overwrite=True, on the"
                    " command line --overwrite)."
                )
        elif any(path.iterdir()):
            raise RecordError(f"{path} holds something that is no record of szilard: choose another place for it.")
    except OSError as error:
        raise RecordError(f"no record can be made in {path}: {error.strerror or error}.") from error


def remove_record(path: Path) -> None:
    """Deletes the record in directory ``path``, and nothing that is not part of it. Its root goes last.

    Raises:
        OSError: if something cannot be deleted.
    """
    store = path / DIRECTORY
    for name in BELONGINGS:
        (path / name).unlink(missing_ok=True)
    if store.is_symlink():
        store.unlink()
        return
    for part in store.iterdir():
        if part.is_dir() and not part.is_symlink():
            shutil.rmtree(part)
        elif part.name != "zarr.json":
            part.unlink()
    (store / "zarr.json").unlink()
    store.rmdir()
