"""Sizes of the images that named runs of families know."""

from __future__ import annotations

from collections.abc import Iterable

from szilard.errors import SpecError, nearest

PIXELS = {"digits": 64, "mnist": 784, "fashion-mnist": 784}
"""By data set."""


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
