"""What an interrupted ensemble goes on from: checkpoints of chunks and their records, as safetensors files.

Each file is written aside and moved to its place whole, so a kill leaves the old one or the new one.
"""

from __future__ import annotations

import contextlib
import platform
import shutil
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import final

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from szilard.ensemble.chunk import ChunkRecord
from szilard.ensemble.parcel import Parcel, checkpoint_name, record_name
from szilard.ensemble.sealed import sealed
from szilard.errors import RecordError
from szilard.records.place import CHECKPOINTS

_OF = "of"
"""Name of the file that says to which record the folder belongs."""
_MARK = "mark"
"""Name of the file that holds the word of :meth:`CheckpointStore.mark`."""


@final
class CheckpointStore:
    """The folder ``checkpoints`` of a record, with its checkpoints and the records of chunks.

    Args:
        record: the record's directory.
        identity: of the record. Nothing is written into the folder of another one: a worker may outlive its run.
    """

    def __init__(self, record: Path, identity: str | None = None) -> None:
        self.path = record.absolute() / CHECKPOINTS
        self.identity = identity

    def begin(self) -> None:
        """Makes the folder anew, without any checkpoint or record of a chunk.

        Raises:
            RecordError: if it is a link.
        """
        if self.path.is_symlink():
            raise _link(self.path)
        self.remove()
        self.path.mkdir(parents=True, exist_ok=True)
        if self.identity is not None:
            (self.path / _OF).write_text(self.identity, encoding="utf-8")

    def open(self) -> None:
        """Takes the folder as it was left; what is not there, or of another record, is trained anew.

        Raises:
            RecordError: if it is a link: nothing is written, and nothing deleted, outside of the record.
        """
        if not self.path.is_dir() or self._another():
            self.begin()
        elif self.path.is_symlink():
            raise _link(self.path)

    # Checkpoints

    def checkpoint(self, chunk: int) -> dict[str, Tensor] | None:
        """The last checkpoint of a chunk, tensors by name; None where there is none.

        Raises:
            RecordError: if it is damaged.
        """
        path = self.path / checkpoint_name(chunk)
        return self._load(path) if path.exists() else None

    def save(self, chunk: int, state: Mapping[str, Tensor]) -> None:
        """Replaces the checkpoint of a chunk by ``state``, tensors by name."""
        name = checkpoint_name(chunk)
        self._write(name, sealed(name, state))

    def finished(self, chunk: int, records: int) -> bool:
        """Whether all of a chunk was trained.

        Raises:
            RecordError: if its checkpoint is damaged.
        """
        return self.done(chunk) >= records

    def done(self, chunk: int) -> int:
        """How many records a chunk's checkpoint has behind it; 0 where there is none.

        Raises:
            RecordError: if it is damaged.
        """
        from safetensors import safe_open

        path = self.path / checkpoint_name(chunk)
        if not path.exists():
            return 0
        try:
            with safe_open(path, framework="np") as file:
                return int(file.get_tensor("record"))
        except Exception as error:
            raise _damaged(path, error) from error

    # Records of chunks

    def store(self, chunk_record: ChunkRecord) -> None:
        """Keeps a record of a chunk until all chunks have theirs."""
        name = record_name(chunk_record.trained.chunk, chunk_record.trained.record)
        self._write(name, sealed(name, chunk_record.tensors))

    def has(self, chunk: int, record: int) -> bool:
        """Whether the file of this chunk's record is there."""
        return self._record(chunk, record).exists()

    def columns(self, chunk: int, record: int) -> dict[str, Float[ndarray, "members ..."]]:
        """The record's columns of a chunk's members, by name; leading dimension: members."""
        from safetensors import safe_open

        with safe_open(self._record(chunk, record), framework="np") as file:
            names = [name for name in file.keys() if name.startswith("columns.")]  # noqa: SIM118 - no mapping
            return {name.removeprefix("columns."): file.get_tensor(name) for name in names}

    def logits(
        self, chunks: int, record: int, size: int, name: str = "logits"
    ) -> Iterator[Float[ndarray, "members inputs outcomes"]]:
        """Yields logits of all members, float64, for ``size`` probe inputs at a time."""
        from safetensors import safe_open

        with contextlib.ExitStack() as stack:
            files = [
                stack.enter_context(safe_open(self._record(chunk, record), framework="pt")) for chunk in range(chunks)
            ]
            parts = [file.get_slice(name) for file in files]
            inputs = parts[0].get_shape()[1]
            for start in range(0, inputs, size):
                stop = min(start + size, inputs)
                yield np.concatenate([part[:, start:stop].to(torch.float64).numpy() for part in parts])

    def outcomes(self, record: int) -> int:
        """Number of outcomes of an input, read from the first chunk's logits."""
        from safetensors import safe_open

        with safe_open(self._record(0, record), framework="np") as file:
            return int(file.get_slice("logits").get_shape()[-1])

    def drop(self, chunks: int, record: int) -> None:
        """Removes the files of a record that is written."""
        for chunk in range(chunks):
            self._record(chunk, record).unlink(missing_ok=True)

    # The folder

    def mark(self) -> str:
        """Puts a word into the folder by which workers of this machine tell that they see it, and returns the word."""
        word = f"{platform.node()} {uuid.uuid4().hex}"
        self._write(_MARK, word.encode())
        return word

    def is_marked(self, word: str) -> bool:
        """Whether this is the machine that marked the folder, and the folder is seen from here.

        From another machine, files of a shared disk come to be seen in their own time: they must not be waited for.
        """
        if word.partition(" ")[0] != platform.node():
            return False
        try:
            return (self.path / _MARK).read_text(encoding="utf-8") == word
        except OSError:
            return False

    def unpack(self, parcel: Parcel) -> None:
        """Puts files that were made elsewhere into the folder, in their order."""
        for name, content in parcel.files.items():
            self._write(name, content)

    def keep_last(self, chunks: int) -> None:
        """Removes all but the last checkpoint of each chunk: the record is complete, and trained models are kept."""
        kept = {checkpoint_name(chunk) for chunk in range(chunks)}
        for path in self.path.iterdir():
            if path.name not in kept:
                path.unlink()

    def remove(self) -> None:
        """Removes the folder and all that is in it, for the record is complete."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _record(self, chunk: int, record: int) -> Path:
        return self.path / record_name(chunk, record)

    def _another(self) -> bool:
        """Whether the folder belongs to another record."""
        try:
            return self.identity is not None and (self.path / _OF).read_text(encoding="utf-8") != self.identity
        except OSError:
            return False

    def _write(self, name: str, content: bytes) -> None:
        if self._another():
            raise RecordError(f"{self.path} belongs to another run by now: nothing more is written there.")
        partial = self.path / f"{name}.{uuid.uuid4().hex}.partial"
        try:
            partial.write_bytes(content)
            partial.replace(self.path / name)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise RecordError(
                f"{self.path / name} cannot be written ({error.strerror or error}): make room and run again with resume"
                " (--resume)."
            ) from error

    def _load(self, path: Path) -> dict[str, Tensor]:
        from safetensors.torch import load_file

        try:
            loaded: dict[str, Tensor] = load_file(path)
        except Exception as error:
            raise _damaged(path, error) from error
        return loaded


def _damaged(path: Path, error: Exception) -> RecordError:
    """Whatever safetensors, which has an error type for each kind of damage, says of a file."""
    return RecordError(
        f"the checkpoint {path} is damaged ({error}): delete it and go on with resume (--resume); its chunk starts"
        " anew."
    )


def _link(path: Path) -> RecordError:
    return RecordError(f"{path} is a link, which is not followed inside a record: put a directory in its place.")
