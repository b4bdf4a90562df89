"""Files of chunks, by their names: those that have to travel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from torch import Tensor

from szilard.ensemble.chunk import ChunkRecord
from szilard.ensemble.sealed import sealed


@final
class Parcel:
    """Files for a folder of checkpoints that have to travel, since whoever makes them does not see that folder.

    Attributes:
        files: their contents by name, a checkpoint after the records that it follows.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def store(self, chunk_record: ChunkRecord) -> None:
        """Adds a record of a chunk."""
        name = record_name(chunk_record.trained.chunk, chunk_record.trained.record)
        self.files[name] = sealed(name, chunk_record.tensors)

    def save(self, chunk: int, state: Mapping[str, Tensor]) -> None:
        """Adds the checkpoint of a chunk, in place of the one before."""
        name = checkpoint_name(chunk)
        self.files.pop(name, None)
        self.files[name] = sealed(name, state)


def checkpoint_name(chunk: int) -> str:
    """Of the file of a chunk's checkpoint."""
    return f"chunk-{chunk:04}.safetensors"


def record_name(chunk: int, record: int) -> str:
    """Of the file of one record of a chunk."""
    return f"chunk-{chunk:04}-record-{record:05}.safetensors"
