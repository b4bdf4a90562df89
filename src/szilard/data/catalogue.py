"""The data sets that szilard knows by name."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from szilard.data.dataset import Dataset, from_address
from szilard.data.fetch import contents
from szilard.data.source import FASHION_MNIST, MNIST, File, Source, parse_idx
from szilard.errors import SpecError, nearest

SOURCES = {source.name: source for source in (MNIST, FASHION_MNIST)}
"""Those that are files; ``digits`` comes with scikit-learn."""

DIGITS_TEST_SIZE = 360
"""A fifth of the 1,797 digits."""


def names() -> tuple[str, ...]:
    """The name of every data set that :func:`load` takes."""
    return ("digits", *SOURCES)


def cache_directory() -> Path:
    """Where files are kept: ``$SZILARD_CACHE`` if set, else ``~/.cache/szilard``; one folder for each data set."""
    chosen = os.environ.get("SZILARD_CACHE")
    return Path(chosen).expanduser() if chosen else Path.home() / ".cache" / "szilard"


def load(name: str) -> Dataset:
    """A data set by name, with images as float32 in [0, 1] shaped ``(examples, 1, height, width)``.

    Args:
        name: ``digits`` (8 × 8, in the installation, always the same split), ``mnist`` or ``fashion-mnist`` (28 × 28;
            taken from the cache, plain or gzipped, else downloaded into it, and checked by hash either way), or
            ``"module:function"``, a function of one's own that returns a :class:`Dataset`.

    Raises:
        SpecError: if there is no such data set.
        DataError: if its files are damaged, or neither in the cache nor to be had from a mirror.
    """
    if name == "digits":
        return _digits()
    if ":" in name:
        return from_address(name)
    if name not in SOURCES:
        raise SpecError(f"there is no data set {name!r}: {nearest(name, names())}")
    return from_files(SOURCES[name], cache_directory() / name)


def from_files(source: Source, directory: Path) -> Dataset:
    """The data set that ``source`` describes, from its files in ``directory`` or its mirrors.

    Raises:
        DataError: see :func:`load`.
    """

    def read(file: File, dimensions: int) -> npt.NDArray[np.uint8]:
        return parse_idx(contents(source, file, directory), dimensions, str(directory / file.name))

    return Dataset(
        source.name,
        _images(read(source.train_images, 3), 255),
        _labels(read(source.train_labels, 1)),
        _images(read(source.test_images, 3), 255),
        _labels(read(source.test_labels, 1)),
        source.classes,
    )


def _digits() -> Dataset:
    pixels, labels = _digits_file()
    # The file lists its writers one after the other: this order spreads them over both splits, and is the same under
    # every version of NumPy, which promises as much for the raw bits alone.
    order = np.argsort(np.random.PCG64(0).random_raw(len(labels)), kind="stable")
    images, labels = pixels[order].reshape(-1, 8, 8), labels[order]
    test, train = slice(0, DIGITS_TEST_SIZE), slice(DIGITS_TEST_SIZE, None)
    return Dataset(
        "digits",
        _images(images[train], 16),
        _labels(labels[train]),
        _images(images[test], 16),
        _labels(labels[test]),
        tuple("0123456789"),
    )


def _digits_file() -> tuple[npt.NDArray, npt.NDArray]:
    """Pixels and labels from the file that scikit-learn ships, which takes a second longer to import than to find."""
    package = importlib.util.find_spec("sklearn")
    for folder in (package.submodule_search_locations if package else None) or ():
        file = Path(folder) / "datasets" / "data" / "digits.csv.gz"
        if file.is_file():
            table = np.loadtxt(file, delimiter=",")
            return table[:, :-1], table[:, -1].astype(int)
    from sklearn.datasets import load_digits

    return load_digits(return_X_y=True)


def _images(pixels: npt.NDArray, white: int) -> Tensor:
    values = pixels.astype(np.float32)
    values /= np.float32(white)
    return torch.from_numpy(values).unsqueeze(1)


def _labels(labels: npt.NDArray) -> Tensor:
    return torch.from_numpy(labels.astype(np.int64))
