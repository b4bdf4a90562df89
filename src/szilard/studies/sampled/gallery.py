"""The samples of a record: pictures, points or text at some of its steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

WRITTEN = ("text", "tokens")
"""Forms of samples that end where they end, and are filled up with NaN."""
UNKNOWN = "\ufffd"
"""Stands for a number that is no character."""


@dataclass(frozen=True)
class Gallery:
    """Samples along the training.

    Attributes:
        form: ``image``, ``points``, ``text`` or ``tokens``.
        shape: of one sample.
        steps: training step of each record.
        samples: shape ``(records, samples, places)``.
    """

    form: str
    shape: tuple[int, ...]
    steps: np.ndarray
    samples: np.ndarray

    @classmethod
    def of(cls, tree: xr.DataTree) -> Gallery | None:
        """The gallery of a record, without undefined samples; None where there are none, or their form is not said."""
        told = tree.attrs.get("gallery")
        if "gallery" not in tree.children or not isinstance(told, dict):
            return None
        data = tree["gallery"].to_dataset()
        shape = told.get("shape")
        if "sample" not in data or not data.sizes.get("step") or not isinstance(shape, list):
            return None
        values = np.asarray(data["sample"].values, dtype=float)
        extents = tuple(int(extent) for extent in shape if isinstance(extent, int) and extent > 0)
        form = str(told.get("form"))
        known = np.isfinite(values).any(2).all(1) if form in WRITTEN else np.isfinite(values).all((1, 2))
        if not known.any():
            return None
        if form == "image" and int(np.prod(extents)) != values.shape[-1]:
            form = "points"
        return cls(form, extents, np.asarray(data["step"].values)[known], values[known])

    def rows(self, most: int) -> list[int]:
        """At most so many records, the first and the last among them, spread over the rows: dense where they are."""
        count = len(self.steps)
        return sorted(set(np.linspace(0, count - 1, min(most, count)).round().astype(int).tolist()))

    def text(self, row: int, sample: int) -> str:
        """One sample to read; tokens without text as their numbers."""
        numbers = self.samples[row, sample]
        numbers = numbers[np.isfinite(numbers)]
        if self.form == "tokens":
            return " ".join(f"{number:.0f}" for number in numbers)
        return "".join(chr(int(n)) if 0 <= n <= 0x10FFFF else UNKNOWN for n in numbers)

    def picture(self, row: int, sample: int) -> np.ndarray:
        """One sample as grey values, shape ``(height, width)``: the mean over colours."""
        pixels = self.samples[row, sample].reshape(self.shape)
        return pixels.mean(0) if pixels.ndim == 3 else pixels
