"""What an interrupted ensemble goes on from: checkpoints of chunks and their records, as safetensors files.

Each file is written aside and moved to its place whole, so a kill leaves the old one or the new one.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, final

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from szilard.errors import RecordError
from szilard.records.place import CHECKPOINTS


class StoredRecord(Protocol):
    """What training a chunk yields at one record, as far as files are concerned."""

    @property
    def chunk(self) -> int:
        """Number of the chunk, from 0, by which its files are named."""

    @property
    def record(self) -> int:
        """Number of the record, from 0, by which its file is named."""

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor by name; columns of the record as ``columns.NAME``."""


@final
class CheckpointStore:
    """The folder ``checkpoints`` of a record, with its checkpoints and the records of chunks.

    Args:
        record: the record's directory.
    """

    def __init__(self, record: Path) -> None:
        self.path = record / CHECKPOINTS

    def begin(self) -> None:
        """Makes the folder anew, without any checkpoint or record of a chunk."""
        self.remove()
        self.open()

    def open(self) -> None:
        """Takes the folder as it was left; what is not there is trained anew."""
        self.path.mkdir(parents=True, exist_ok=True)

    # Checkpoints

    def checkpoint(self, chunk: int) -> dict[str, Tensor] | None:
        """The last checkpoint of a chunk, tensors by name; None where there is none.

        Raises:
            RecordError: if it is damaged.
        """
        path = self.path / f"chunk-{chunk:04}.safetensors"
        return self._load(path) if path.exists() else None

    def save(self, chunk: int, state: Mapping[str, Tensor]) -> None:
        """Replaces the checkpoint of a chunk by ``state``, tensors by name."""
        self._write(f"chunk-{chunk:04}.safetensors", _serialised(state))

    def finished(self, chunk: int, records: int) -> bool:
        """Whether all of a chunk was trained.

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

    # Records of chunks

    def store(self, chunk_record: StoredRecord) -> None:
        """Keeps a record of a chunk until all chunks have theirs."""
        self._write(
            self._record_file(chunk_record.chunk, chunk_record.record).name, _serialised(chunk_record.tensors())
        )

    def has(self, chunk: int, record: int) -> bool:
        """Whether the file of this chunk's record is there."""
        return self._record_file(chunk, record).exists()

    def columns(self, chunk: int, record: int) -> dict[str, Float[ndarray, "members ..."]]:
        """The record's columns of a chunk's members, by name; leading dimension: members."""
        from safetensors import safe_open

        with safe_open(self._record_file(chunk, record), framework="np") as file:
            names = [name for name in file.keys() if name.startswith("columns.")]  # noqa: SIM118 - no mapping
            return {name.removeprefix("columns."): file.get_tensor(name) for name in names}

    def logits(
        self, chunks: int, record: int, size: int, name: str = "logits"
    ) -> Iterator[Float[ndarray, "members inputs outcomes"]]:
        """Yields logits of all members, float64, for ``size`` probe inputs at a time."""
        from safetensors import safe_open

        with contextlib.ExitStack() as stack:
            files = [
                stack.enter_context(safe_open(self._record_file(chunk, record), framework="pt"))
                for chunk in range(chunks)
            ]
            parts = [file.get_slice(name) for file in files]
            inputs = parts[0].get_shape()[1]
            for start in range(0, inputs, size):
                stop = min(start + size, inputs)
                yield np.concatenate([part[:, start:stop].to(torch.float64).numpy() for part in parts])

    def outcomes(self, record: int) -> int:
        """Number of outcomes of an input, read from the first chunk's logits."""
        from safetensors import safe_open

        with safe_open(self._record_file(0, record), framework="np") as file:
            return int(file.get_slice("logits").get_shape()[-1])

    def drop(self, chunks: int, record: int) -> None:
        """Removes the files of a record that is written."""
        for chunk in range(chunks):
            self._record_file(chunk, record).unlink(missing_ok=True)

    def remove(self) -> None:
        """Removes the folder and all that is in it, for the record is complete."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _record_file(self, chunk: int, record: int) -> Path:
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


class Identified(Protocol):
    """A plan that can say which experiment it is of."""

    @property
    def spec(self) -> Mapping[str, Any]:
        """The experiment as a table, as the record holds it."""

    @property
    def fingerprint(self) -> Mapping[str, str]:
        """Checksums, by name, of what two specs may call alike though it differs: the model, the data."""


def check_same(out: Path, attributes: Mapping[str, Any], plan: Identified) -> None:
    """Refuses a record of another spec, of other data, or of a model that starts otherwise.

    Args:
        out: the record's directory, for messages.
        attributes: of the record.
        plan: what is to be run.

    Raises:
        RecordError: naming what differs.
    """
    mine = json.loads(json.dumps({"spec": dict(plan.spec), "fingerprint": dict(plan.fingerprint)}))
    differing = sorted(
        {
            *_differences(mine["spec"], attributes.get("spec")),
            *_differences(mine["fingerprint"], attributes.get("fingerprint")),
        }
    )
    if differing:
        raise RecordError(
            f"{out} holds the record of another experiment, which differs in {', '.join(differing)}: go on with the"
            " spec it was made with, choose another directory, or replace it (overwrite=True, on the command line"
            " --overwrite)."
        )


def _differences(mine: object, theirs: object, where: str = "") -> Iterator[str]:
    if isinstance(mine, dict) and isinstance(theirs, dict):
        for key in mine.keys() | theirs.keys():
            yield from _differences(mine.get(key), theirs.get(key), f"{where}.{key}" if where else key)
    elif mine != theirs:
        yield where or "its kind"
