"""One quantity along the training, thinned for the screen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MOST_POINTS = 1000
"""Drawn along the training; a longer record is thinned, evenly and evenly in the logarithm."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One quantity along the training.

    Attributes:
        steps: training step of each point.
        values: same length.
        half: half the width of the 95 % interval, same length; None where the quantity has no error.
    """

    steps: np.ndarray
    values: np.ndarray
    half: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.values)

    @property
    def low(self) -> np.ndarray:
        """Lower ends of the intervals; the values where there is none."""
        return self.values if self.half is None else self.values - np.nan_to_num(self.half)

    @property
    def high(self) -> np.ndarray:
        """Upper ends of the intervals; the values where there is none."""
        return self.values if self.half is None else self.values + np.nan_to_num(self.half)


def thinned(count: int, most: int = MOST_POINTS) -> np.ndarray:
    """Indices of at most ``most`` of ``count`` rows, the first and the last among them.

    Half are spread evenly and half evenly in the logarithm, so that both step axes look full.
    """
    if count <= most:
        return np.arange(count)
    even = np.linspace(0, count - 1, most // 2)
    growing = np.geomspace(1, count, most // 2) - 1
    return np.unique(np.r_[even, growing].round().astype(int))
