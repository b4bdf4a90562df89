"""Too little memory for a record: said with what takes it, and what takes less."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from szilard.errors import ModelError
from szilard.models.ppm import PPM


@contextmanager
def memory_named(ppm: PPM) -> Iterator[None]:
    """A block whose want of memory is told as an error that names the probe and the remedy.

    Args:
        ppm: what is measured.

    Raises:
        ModelError: in the place of the allocator's own error.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not out_of_memory(error):
            raise
        raise ModelError(f"there was no memory for a record{what_it_takes(ppm)}") from error


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory could not be had, on any device."""
    kinds = (MemoryError, torch.OutOfMemoryError)
    said = str(error)
    return isinstance(error, kinds) or "not enough memory" in said or "can't allocate memory" in said


def what_it_takes(ppm: PPM) -> str:
    """What a record holds, and what would take less, as the end of a sentence."""
    inputs, heads, outcomes = (getattr(ppm, name, None) for name in ("inputs", "heads", "outcomes"))
    if inputs is None or outcomes is None:
        return ": give fewer samples, or a smaller chunk."
    size = inputs * (heads or 1) * outcomes * 4 / 2**20
    return (
        f": the probe's {inputs:,} inputs have logits of {size:,.0f} MiB in float32, and those of several models are"
        " held; give fewer inputs, or a smaller chunk= where it is the forward pass that takes it."
    )
