"""What an interrupted ensemble goes on from is looked through first: what is damaged or incomplete is made again."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

from szilard.ensemble.checkpoints import CheckpointStore
from szilard.ensemble.parcel import checkpoint_name
from szilard.ensemble.sealed import DamagedError, check_sealed
from szilard.errors import SzilardWarning
from szilard.printable import printable


def mend(checkpoints: CheckpointStore, chunks: int, written: int, baseline: bool) -> None:
    """Removes files that are not what was written, and checkpoints behind which files are missing, with a warning.

    Their chunks start anew, and members are then the same to the bit.

    Args:
        checkpoints: the folder.
        chunks: how many there are.
        written: how many records are in the record's store, whose files are not needed any more.
        baseline: whether those of the first record still are.
    """
    said = [*_damaged(checkpoints.path), *_incomplete(checkpoints, chunks, written, baseline)]
    if said:
        warnings.warn(
            f"{len(said)} file(s) in {checkpoints.path} were left out, and what they held is made again:"
            f" {printable('; '.join(said))}.",
            SzilardWarning,
            stacklevel=2,
        )


def _damaged(folder: Path) -> list[str]:
    said = []
    for path in sorted(folder.glob("chunk-*.safetensors")):
        try:
            check_sealed(path)
        except DamagedError as error:
            said.append(f"{path.name} is damaged ({error})")
            _remove(path)
    return said


def _incomplete(checkpoints: CheckpointStore, chunks: int, written: int, baseline: bool) -> list[str]:
    said = []
    for chunk in range(chunks):
        done = checkpoints.done(chunk)
        needed = [*([0] if baseline and written and done else []), *range(written, done)]
        lacking = [record for record in needed if not checkpoints.has(chunk, record)]
        if lacking:
            said.append(f"{checkpoint_name(chunk)} goes on behind record {lacking[0]}, which is missing")
            _remove(checkpoints.path / checkpoint_name(chunk))
    return said


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
