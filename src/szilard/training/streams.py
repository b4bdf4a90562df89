"""Independent random streams from one seed, each with a name, so that changing one leaves the others as they were."""

from __future__ import annotations

import zlib

import numpy as np
import torch

INITIALISATION = "initialisation"
ORDER = "order of batches"
PROBE = "probe"
FORWARD = "dropout and the like"
SAMPLES = "sampled labels"
NOISE = "noise added to the parameters"
TASK = "task"
DATASET = "data set"
LABELS = "labels"
CHAINS = "chains that train"
HELD_OUT = "held-out evaluation"
DEQUANTISATION = "dequantisation"


def seed_of(seed: int, stream: str) -> int:
    """The 63-bit seed of a named stream (NumPy's ``SeedSequence``, which promises the same on every version).

    Example:
        >>> seed_of(0, ORDER) == seed_of(0, ORDER), seed_of(0, ORDER) == seed_of(0, PROBE)
        (True, False)
    """
    words = np.random.SeedSequence([seed, zlib.crc32(stream.encode())]).generate_state(1, np.uint64)
    return int(words[0]) >> 1


def generator_of(seed: int, stream: str) -> torch.Generator:
    """A generator on the CPU at the beginning of a named stream."""
    return torch.Generator().manual_seed(seed_of(seed, stream))
