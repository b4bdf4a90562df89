"""Images of a few black and white pixels, so that all of their states can be counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from szilard.data import Dataset
from szilard.errors import SpecError
from szilard.studies.tradeoff.engine.enumeration import index_of
from szilard.studies.tradeoff.spec import TradeOff
from szilard.training import streams


@final
@dataclass(frozen=True, slots=True)
class Pixels:
    """What the machines learn and are held against.

    Attributes:
        examples: training sets, bits (members, examples, pixels): seeds of one data set one after the other.
        held_out: share of each state among the test images, (states,).
        independent: cross-entropy of the test images under pixels that know nothing of one another, nats: mean over
            the data sets, each with the frequencies of its own examples.
    """

    examples: Float[Tensor, "members examples pixels"]
    held_out: Float[Tensor, " states"]
    independent: float


def pixels_of(spec: TradeOff, dataset: Dataset) -> Pixels:
    """Images averaged over the cells of a coarse grid, each pixel then 1 where it is above its mean over training.

    Raises:
        SpecError: if the data are no images of at least that size, or too few.
    """
    train, test = (_reduced(spec, dataset, split) for split in ("train", "test"))
    mean = train.mean(0)
    train, test = (train > mean).double(), (test > mean).double()
    needed = spec.datasets * spec.size
    if needed > len(train):
        raise SpecError(
            f"{spec.datasets} data sets of {spec.size} examples that share none take {needed:,}, and {dataset.name!r} "
            f"has {len(train):,}: lower datasets or size."
        )
    order = torch.randperm(len(train), generator=streams.generator_of(spec.seed, streams.DATASET))
    sets = train[order[:needed]].reshape(spec.datasets, spec.size, spec.pixels)
    counts = torch.bincount(index_of(test), minlength=2**spec.pixels).double()
    rate = (sets.sum(1) + 0.5) / (spec.size + 1)  # Jeffreys' prior: none is impossible
    logs = test @ torch.log(rate).T + (1 - test) @ torch.log1p(-rate).T
    return Pixels(sets.repeat_interleave(spec.seeds, 0), counts / len(test), -float(logs.mean()))


def _reduced(spec: TradeOff, dataset: Dataset, split: str) -> Float[Tensor, "examples pixels"]:
    images = dataset.split(split)[0]
    rows, columns = spec.shape
    if images.ndim != 4 or images.shape[1] != 1 or images.shape[2] < rows or images.shape[3] < columns:
        raise SpecError(
            f"{dataset.name!r} has inputs shaped {tuple(images.shape[1:])}, which cannot be reduced to {rows} by "
            f"{columns} pixels: give grey images, shaped (1, height, width), of at least that size."
        )
    return F.adaptive_avg_pool2d(images.double(), (rows, columns)).flatten(1)
