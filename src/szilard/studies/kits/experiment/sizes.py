"""What the named runs take on each data set: a network of its size, and how long it is trained."""

from __future__ import annotations

from typing import NamedTuple

from szilard.errors import SpecError, nearest


class Size(NamedTuple):
    """Settings that go with a data set.

    Attributes:
        widths: of the network's layers, from the flattened input to the logits.
        steps: of training.
        every: of a single run: steps between records.
        probe: inputs on which models are measured.
        dataset: examples in each data set of an ensemble.
    """

    widths: tuple[int, ...]
    steps: int
    every: int
    probe: int
    dataset: int


_IMAGES_OF_28 = Size((784, 200, 200, 200, 10), steps=12_000, every=40, probe=1000, dataset=1000)
"""The paper's network."""
_SIZES = {
    "digits": Size((64, 100, 100, 10), steps=4000, every=10, probe=360, dataset=200),
    "mnist": _IMAGES_OF_28,
    "fashion-mnist": _IMAGES_OF_28,
}


def size_of(run: str, data: str) -> Size:
    """The settings of a named run on a data set.

    Raises:
        SpecError: if there are none.
    """
    if data not in _SIZES:
        raise SpecError(
            f"the run {run!r} has no settings for the data {data!r}: {nearest(data, _SIZES)} For data of your own,"
            " write a TOML file with a model that fits them."
        )
    return _SIZES[data]
