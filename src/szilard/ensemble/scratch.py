"""What an interrupted ensemble goes on from: checkpoints of chunks and their harvests, as safetensors files.

Each file is written aside and moved to its place whole, so a kill leaves the old one or the new one.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import final

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from szilard.ensemble.chunk import Harvest
from szilard.errors import RecordError
from szilard.records.place import CHECKPOINTS

_SPEC = "spec.json"
_ALL = 2**31
"""Stands for all records."""


@final
class Scratch:
    """The folder ``checkpoints`` of a record.

    Args:
        record: the record's directory.
    """

    def __init__(self, record: Path) -> None:
        self.path = record / CHECKPOINTS

    # The spec

    def begin(self, fingerprint: Mapping[str, object]) -> None:
        """An empty folder that knows what it belongs to."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir(parents=True)
        self._write(_SPEC, json.dumps(fingerprint, sort_keys=True).encode())

    def check(self, fingerprint: Mapping[str, object]) -> None:
        """Refuses checkpoints of another spec.

        Raises:
            RecordError: naming what differs, or if there is nothing to go on from.
        """
        try:
            theirs = json.loads((self.path / _SPEC).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RecordError(
                f"{self.path} holds no checkpoints to go on from: run again with overwrite (--overwrite)."
            ) from error
        mine = json.loads(json.dumps(fingerprint))
        differing = sorted(_differences(mine, theirs))
        if differing:
            raise RecordError(
                f"the checkpoints in {self.path} belong to another experiment, which differs in"
                f" {', '.join(differing)}: go on with the spec they were made with, or choose another directory."
            )

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
        from safetensors.torch import save

        # safetensors refuses tensors that share memory: a ledger's first and last logits may be the same
        alone = {name: value.detach().clone().contiguous() for name, value in state.items()}
        self._write(f"chunk-{chunk:04}.safetensors", save(alone))

    def finish(self, chunk: int) -> None:
        """Marks a chunk that was carried out elsewhere, whole, as done."""
        self.save(chunk, {"record": torch.tensor(_ALL)})

    def finished(self, chunk: int, records: int) -> bool:
        """Whether all of a chunk was harvested."""
        state = self.checkpoint(chunk)
        return state is not None and int(state["record"]) >= records

    # Harvests

    def store(self, harvest: Harvest) -> None:
        """Keeps a harvest until all chunks have theirs."""
        from safetensors.torch import save

        tensors = {"logits": harvest.logits.contiguous()}
        tensors |= {f"columns.{name}": values.clone() for name, values in harvest.columns.items()}
        if harvest.supersample is not None:
            tensors["supersample"] = harvest.supersample.contiguous()
        self._write(self._harvest(harvest.chunk, harvest.record).name, save(tensors))

    def has(self, chunk: int, record: int) -> bool:
        """Whether a harvest is there."""
        return self._harvest(chunk, record).exists()

    def columns(self, chunk: int, record: int) -> dict[str, Float[ndarray, " members"]]:
        """The ledger of a chunk's members."""
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
        except Exception as error:  # safetensors has an error type of its own for each kind of damage
            raise RecordError(
                f"the checkpoint {path} is damaged ({error}): delete it; its chunk starts anew."
            ) from error
        return loaded


def _differences(mine: object, theirs: object, where: str = "") -> Iterator[str]:
    if isinstance(mine, dict) and isinstance(theirs, dict):
        for key in mine.keys() | theirs.keys():
            yield from _differences(mine.get(key), theirs.get(key), f"{where}.{key}" if where else key)
    elif mine != theirs:
        yield where
