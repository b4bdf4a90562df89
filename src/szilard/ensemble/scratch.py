"""What an interrupted ensemble goes on from: checkpoints of chunks and their harvests, as safetensors files.

Each file is written aside and moved to its place whole, so a kill leaves the old one or the new one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol, final

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from szilard.errors import RecordError
from szilard.records.place import CHECKPOINTS


class Kept(Protocol):
    """What a chunk yields at one record."""

    @property
    def chunk(self) -> int:
        """Which chunk."""

    @property
    def record(self) -> int:
        """Which record."""

    def tensors(self) -> dict[str, Tensor]:
        """All of it; columns of the record by ``columns.NAME``."""


@final
class Scratch:
    """The folder ``checkpoints`` of a record.

    Args:
        record: the record's directory.
    """

    def __init__(self, record: Path) -> None:
        self.path = record / CHECKPOINTS

    def begin(self) -> None:
        """An empty folder."""
        self.remove()
        self.open()

    def open(self) -> None:
        """The folder as it was left; what is not there is trained anew."""
        self.path.mkdir(parents=True, exist_ok=True)

    # Checkpoints

    def checkpoint(self, chunk: int) -> dict[str, Tensor] | None:
        """The last checkpoint of a chunk; None where there is none.

        Raises:
            RecordError: if it is damaged.
        """
        path = self.path / f"chunk-{chunk:04}.safetensors"
        return self._load(path) if path.exists() else None

    def save(self, chunk: int, state: Mapping[str, Tensor]) -> None:
        """Replaces the checkpoint of a chunk."""
        self._write(f"chunk-{chunk:04}.safetensors", _serialised(state))

    def finished(self, chunk: int, records: int) -> bool:
        """Whether all of a chunk was harvested.

        Raises:
            RecordError: if its checkpoint is damaged.
        """
        from safetensors import safe_open

        path = self.path / f"chunk-{chunk:04}.safetensors"
        if not path.exists():
            return False
        try:
            with safe_open(path, framework="np") as file:
                return int(file.get_tensor("record")) >= records
        except Exception as error:
            raise _damaged(path, error) from error

    # Harvests

    def store(self, harvest: Kept) -> None:
        """Keeps a harvest until all chunks have theirs."""
        self._write(self._harvest(harvest.chunk, harvest.record).name, _serialised(harvest.tensors()))

    def has(self, chunk: int, record: int) -> bool:
        """Whether a harvest is there."""
        return self._harvest(chunk, record).exists()

    def columns(self, chunk: int, record: int) -> dict[str, Float[ndarray, "members ..."]]:
        """The columns of a chunk's members."""
        from safetensors import safe_open

        with safe_open(self._harvest(chunk, record), framework="np") as file:
            names = [name for name in file.keys() if name.startswith("columns.")]  # noqa: SIM118 - no mapping
            return {name.removeprefix("columns."): file.get_tensor(name) for name in names}

    def logits(
        self, chunks: int, record: int, size: int, name: str = "logits"
    ) -> Iterator[Float[ndarray, "members inputs outcomes"]]:
        """Logits of all members, for ``size`` probe inputs at a time."""
        from safetensors import safe_open

        with contextlib.ExitStack() as stack:
            files = [
                stack.enter_context(safe_open(self._harvest(chunk, record), framework="pt")) for chunk in range(chunks)
            ]
            parts = [file.get_slice(name) for file in files]
            inputs = parts[0].get_shape()[1]
            for start in range(0, inputs, size):
                stop = min(start + size, inputs)
                yield np.concatenate([part[:, start:stop].to(torch.float64).numpy() for part in parts])

    def outcomes(self, record: int) -> int:
        """How many outcomes an input has."""
        from safetensors import safe_open

        with safe_open(self._harvest(0, record), framework="np") as file:
            return int(file.get_slice("logits").get_shape()[-1])

    def drop(self, chunks: int, record: int) -> None:
        """Removes the harvests of a record that is written."""
        for chunk in range(chunks):
            self._harvest(chunk, record).unlink(missing_ok=True)

    def remove(self) -> None:
        """Removes everything: the record is complete."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _harvest(self, chunk: int, record: int) -> Path:
        return self.path / f"chunk-{chunk:04}-record-{record:05}.safetensors"

    def _write(self, name: str, content: bytes) -> None:
        partial = self.path / f"{name}.{os.getpid()}.partial"
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


def _serialised(tensors: Mapping[str, Tensor]) -> bytes:
    from safetensors.torch import save

    # safetensors refuses tensors that share memory: a ledger's first and last logits may be the same
    return save({name: value.detach().clone().contiguous() for name, value in tensors.items()})


def _damaged(path: Path, error: Exception) -> RecordError:
    """Whatever safetensors, which has an error type for each kind of damage, says of a file."""
    return RecordError(
        f"the checkpoint {path} is damaged ({error}): delete it and go on with resume (--resume); its chunk starts"
        " anew."
    )
