"""A few samples of the model at its records, so that one can see noise turn into pictures or language.

What samples are: pictures, points, text or bare tokens; and how each becomes numbers of one length.

The gallery at work: draws at a record, and turns samples into numbers when the record is written.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor

from szilard.errors import SpecError
from szilard.models.evaluation import undisturbed
from szilard.models.ppm import PPM, Sequential
from szilard.monitor.rows import Rows
from szilard.monitor.source import Source, SourceRecorder, source_of
from szilard.records.schema import Group, Variable

IMAGE, POINTS, TEXT, TOKENS = "image", "points", "text", "tokens"

GALLERY = (Variable("sample", "samples of the model: pixels, coordinates or code points", "1", dims=("row", "place")),)
"""Group ``gallery``; the root attribute ``gallery`` says what they are (``form``: image, points or text; ``shape``)."""


@final
@dataclass(frozen=True, slots=True)
class SampleForm:
    """How samples are kept.

    Attributes:
        name: ``image``, ``points``, ``text`` or ``tokens``.
        shape: of one sample: a picture's extents, or how many numbers.
        places: numbers kept of each sample.
        decode: of a text, from its tokens.
    """

    name: str
    shape: tuple[int, ...]
    places: int
    decode: Callable[[Tensor], str] | None = None

    def numbers(self, x: Tensor, alive: Tensor | None) -> list[list[float]]:
        """Each sample as ``places`` numbers, on the host; where a sequence has ended, NaN."""
        if alive is None:
            return [row[: self.places] for row in x.flatten(1).double().tolist()]
        kept = [tokens[marks] for tokens, marks in zip(x, alive, strict=True)]
        if self.decode is None:
            return [self._filled([float(token) for token in tokens.tolist()]) for tokens in kept]
        return [self._filled([float(ord(character)) for character in self.decode(tokens)]) for tokens in kept]

    def _filled(self, numbers: list[float]) -> list[float]:
        return [*numbers[: self.places], *[math.nan] * (self.places - len(numbers))]


def form_of(
    ppm: PPM, trial: Tensor, shape: tuple[int, ...] | None, characters: int, decode: Callable[[Tensor], str] | None
) -> SampleForm:
    """The form of a model's samples.

    Args:
        ppm: the model.
        trial: one sample of it.
        shape: of a picture, where it was given.
        characters: kept of a text.
        decode: from tokens to text, where it was given.
    """
    if isinstance(ppm, Sequential):
        own = decode if decode is not None else getattr(ppm, "decode", None)
        return (
            SampleForm(TOKENS, (ppm.length,), ppm.length)
            if own is None
            else SampleForm(TEXT, (characters,), characters, own)
        )
    own_shape = shape or tuple(trial.shape[1:])
    pictured = len(own_shape) == 2 or (len(own_shape) == 3 and own_shape[0] in (1, 3))
    return SampleForm(IMAGE if pictured else POINTS, own_shape or (1,), trial[0].numel())


_WAITING = 16


@final
class GalleryRecorder(SourceRecorder[tuple[int, Tensor, Tensor | None]]):
    """Keeps samples at records.

    Args:
        ppm: the model.
        source: of its samples.
        form: how they are kept.
        samples: at each record.
        sampler_steps: what the source's chains relax, for the record's attributes.
        thinning: whether records grow sparser along the training.
    """

    def __init__(
        self, ppm: PPM, source: Source, form: SampleForm, *, samples: int, sampler_steps: int, thinning: bool
    ) -> None:
        super().__init__(ppm, source, thinning=thinning)
        self._form = form
        self._samples = samples
        self._sampler_steps = sampler_steps

    @property
    def groups(self) -> tuple[Group, ...]:
        """What its rows hold: the group ``gallery``, one place for each number of a sample."""
        extents = {"row": self._samples, "place": self._form.places}
        return (Group("gallery", GALLERY, {name: tuple(map(float, range(extents[name]))) for name in extents}),)

    @property
    def attributes(self) -> dict[str, Any]:
        """Entries for the record: what the samples are, and how an energy's chains relax."""
        told: dict[str, Any] = {"form": self._form.name, "shape": list(self._form.shape)}
        if hasattr(self._ppm, "relax"):
            told["sampler_steps"] = self._sampler_steps
        return {"gallery": told}

    @property
    def full(self) -> bool:
        """Whether so many records wait that they are to be written."""
        return len(self._waiting) >= _WAITING

    def _keep(self, step: int) -> None:
        self._source.restart()
        x = self._source.draw(self._samples).x
        alive = self._ppm.alive(x) if isinstance(self._ppm, Sequential) else None
        self._waiting.append((step, x, alive))

    def _table(self, waiting: list[tuple[int, Tensor, Tensor | None]]) -> Rows:
        """The samples as numbers; waits for the device."""
        host = [{"sample": self._form.numbers(x, alive)} for _, x, alive in waiting]
        steps = [step for step, _, _ in waiting]
        ended = frozenset({"sample"} if self._form.name in (TEXT, TOKENS) else ())
        return Rows("gallery", steps, {}, torch.zeros(len(steps), 0, dtype=torch.float64), host, ended)


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
