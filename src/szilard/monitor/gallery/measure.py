"""A few samples of the model at its records, so that one can see noise turn into pictures or language."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from szilard.errors import SpecError
from szilard.models.evaluation import undisturbed
from szilard.models.ppm import PPM
from szilard.monitor.gallery.form import SampleForm, form_of
from szilard.monitor.gallery.recorder import GalleryRecorder
from szilard.monitor.source import source_of

_STREAM = 7_001
"""Keeps the gallery's random numbers apart from those of other measures with the same seed."""


@final
@dataclass(frozen=True, slots=True)
class Gallery:
    """Keeps samples of X along the training: pictures, points, or text (group ``gallery``).

    Families that draw fresh samples begin from the same random numbers at every record, so that what changes between
    two records is the model. Energies have chains of their own, which go on relaxing from record to record.

    Attributes:
        every: training steps between records; None: at the first records, then ever more sparsely (each further by a
            fifth), and at the last.
        samples: kept at each record.
        shape: of a picture, where samples are flat: (8, 8). Samples shaped as pictures need none.
        characters: kept of each text.
        decode: from a sequence's tokens, shape ``(tokens,)``, to text; None: the model's own ``decode``, where it has
            one, else the tokens' numbers are kept.
        sampler_steps: that an energy's chains relax before each record.

    Raises:
        SpecError: a number is not a positive integer, or the shape is none.

    Example:
        >>> Gallery(samples=4, shape=(8, 8)).samples
        4
    """

    every: int | None = None
    samples: int = 16
    shape: Sequence[int] | None = None
    characters: int = 400
    decode: Callable[[Tensor], str] | None = None
    sampler_steps: int = 100

    def __post_init__(self) -> None:
        shape: object = self.shape
        if shape is not None and (isinstance(shape, str) or not isinstance(shape, Sequence) or not shape):
            raise SpecError(f"shape must be the extents of a picture, not {shape!r}: give (8, 8) or (1, 28, 28).")
        given = [(name, getattr(self, name)) for name in ("every", "samples", "characters", "sampler_steps")]
        for name, value in [*given, *(("each of shape", extent) for extent in self.shape or ())]:
            if value is None and name == "every":
                continue
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise SpecError(f"{name} must be a positive whole number, not {value!r}.")

    def start(self, ppm: PPM, seed: int = 0, optimizer: torch.optim.Optimizer | None = None) -> GalleryRecorder:
        """A recorder for any model that draws samples; ``seed`` is that of its samples, and no optimiser is needed.

        Raises:
            ModelError: if the model has no samples to give.
            SpecError: if the samples do not fit ``shape``.
        """
        source = source_of(ppm, seed + _STREAM, self.sampler_steps)
        with undisturbed(ppm.module, ppm.device):
            form = self._form(ppm)
        return GalleryRecorder(
            ppm, source, form, samples=self.samples, sampler_steps=self.sampler_steps, thinning=self.every is None
        )

    def _form(self, ppm: PPM) -> SampleForm:
        """What samples look like, from one that is thrown away."""
        shape = None if self.shape is None else tuple(self.shape)
        trial = source_of(ppm, _STREAM, 1).draw(1).x
        if shape is not None and math.prod(shape) != trial[0].numel():
            raise SpecError(
                f"a sample has {trial[0].numel()} numbers, which do not make a picture shaped {shape}: give its shape."
            )
        return form_of(ppm, trial, shape, self.characters, self.decode)
