"""Images as a family of densities takes them: in black and white, or dequantised; flat, with their shape beside."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.data import Dataset
from szilard.errors import SpecError, nearest

PIXELS = {"digits": 64, "mnist": 784, "fashion-mnist": 784}
"""Of an image, by data set: those that the named runs have settings for."""
LEVELS = (17, 256)
"""Grey levels of the catalogue's images."""
_ROUNDING = 1e-3


def pixels_of(run: str, data: str, others: Iterable[str] = ()) -> int:
    """Pixels of an image.

    Args:
        run: whose settings are asked for.
        data: name of a data set.
        others: further names that the run knows, for the message.

    Raises:
        SpecError: if the run has no settings for it.
    """
    if data not in PIXELS:
        raise SpecError(
            f"the run {run!r} has no settings for the data {data!r}: {nearest(data, [*PIXELS, *others])} For data of"
            " your own, write a TOML file with a model that fits them."
        )
    return PIXELS[data]


@final
@dataclass(frozen=True, slots=True)
class Images:
    """Flat images of two splits.

    Attributes:
        train: shaped ``(examples, pixels)``.
        test: likewise.
        shape: of one image, without its channel where that is one.
    """

    train: Float[Tensor, "examples pixels"]
    test: Float[Tensor, "held_out pixels"]
    shape: tuple[int, ...]


def binary(dataset: Dataset, device: torch.device, held_out: int | None = None) -> Images:
    """Black where a pixel is darker than half, white elsewhere."""
    images = _flat(dataset, device, held_out)
    return Images((images.train > 0.5).float(), (images.test > 0.5).float(), images.shape)


@final
@dataclass(frozen=True, slots=True)
class Dequantised:
    """Images of whole grey levels v = 0 … L − 1, made continuous: ``x = (v + u)/L``, u uniform in [0, 1).

    A density p(x) bounds the probability of the image: ``−ln P(v) ≤ −⟨ln p(x)⟩_u + d ln L`` (Theis, van den Oord and
    Bethge 2016). With ``levels`` 0 the data are continuous, and x is v.

    Attributes:
        images: v, or x itself where there are no levels.
        levels: L.
    """

    images: Images
    levels: int

    @property
    def cell(self) -> float:
        """``d ln L``: what the density's −ln p exceeds by to bound that of the image."""
        return self.images.train.shape[1] * math.log(self.levels) if self.levels else 0.0

    def continuous(self, levels: Tensor, generator: torch.Generator) -> Tensor:
        """x for these v, shaped like them, by noise drawn on the CPU."""
        if not self.levels:
            return levels
        return (levels + torch.rand(levels.shape, generator=generator).to(levels.device)) / self.levels


def dequantised(
    dataset: Dataset, device: torch.device, held_out: int | None = None, levels: int | None = None
) -> Dequantised:
    """Images by their grey levels.

    Args:
        dataset: images in [0, 1].
        device: where to put them.
        held_out: most test images; None takes all.
        levels: L; None finds out whether it is one of :data:`LEVELS`; 0 takes the data as they are.

    Raises:
        SpecError: if the images are not of so many levels.
    """
    images = _flat(dataset, device, held_out)
    fitting = [each for each in LEVELS if _whole(images.train * (each - 1))] if levels is None else [levels]
    found = fitting[0] if fitting else 0
    if not found:
        return Dequantised(images, 0)
    if not _whole(images.train * (found - 1)):
        raise SpecError(f"the images of {dataset.name!r} are not of {found} grey levels: set levels, 0 for continuous.")
    train, test = ((each * (found - 1)).round() for each in (images.train, images.test))
    return Dequantised(Images(train, test, images.shape), found)


def _flat(dataset: Dataset, device: torch.device, held_out: int | None) -> Images:
    shape = tuple(dataset.train_inputs.shape[1:])
    train, test = (dataset.split(name)[0].to(device).flatten(1) for name in ("train", "test"))
    return Images(train, test[:held_out], shape[1:] if len(shape) == 3 and shape[0] == 1 else shape)


def _whole(values: Tensor) -> bool:
    return bool((values >= -_ROUNDING).all()) and float((values - values.round()).abs().max()) < _ROUNDING
