"""What samples are: pictures, points, text or bare tokens; and how each becomes numbers of one length."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from torch import Tensor

from szilard.models.ppm import PPM, Sequential
from szilard.records.schema import Variable

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
