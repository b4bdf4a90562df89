"""Where a published data set's files come from, what each of them must contain, and how the IDX format is read."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from szilard.errors import DataError


@dataclass(frozen=True, slots=True)
class File:
    """One published file.

    Attributes:
        name: without ``.gz``.
        sha256: of the uncompressed contents, whichever way they came.
        gzip_md5: of the compressed file as the mirrors serve it.
    """

    name: str
    sha256: str
    gzip_md5: str


@dataclass(frozen=True, slots=True)
class Source:
    """A data set in four IDX files.

    Attributes:
        name: of the data set, and of its folder in the cache.
        mirrors: addresses of folders that hold the files compressed, in the order in which they are tried.
        train_images: and the other three: the files.
        classes: the name of each label.
    """

    name: str
    mirrors: tuple[str, ...]
    train_images: File
    train_labels: File
    test_images: File
    test_labels: File
    classes: tuple[str, ...]

    @property
    def files(self) -> tuple[File, File, File, File]:
        """Images and labels of the training split, then those of the test split."""
        return self.train_images, self.train_labels, self.test_images, self.test_labels


MNIST = Source(
    "mnist",
    (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://raw.githubusercontent.com/fgnt/mnist/master/",
    ),
    File(
        "train-images-idx3-ubyte",
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    ),
    File(
        "train-labels-idx1-ubyte",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "d53e105ee54ea40749a09fcbcd1e9432",
    ),
    File(
        "t10k-images-idx3-ubyte",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "9fb629c4189551a2d022fa330f9573f3",
    ),
    File(
        "t10k-labels-idx1-ubyte",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        "ec29112dd5afa0611ce80d1b7f02629c",
    ),
    tuple("0123456789"),
)
"""60,000 and 10,000 handwritten digits of 28 × 28 (LeCun, Cortes and Burges 1998)."""

FASHION_MNIST = Source(
    "fashion-mnist",
    (
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ),
    File(
        "train-images-idx3-ubyte",
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    ),
    File(
        "train-labels-idx1-ubyte",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "25c81989df183df01b3e8a0aad5dffbe",
    ),
    File(
        "t10k-images-idx3-ubyte",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "bef4ecab320f06d8554ea6380940ec79",
    ),
    File(
        "t10k-labels-idx1-ubyte",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        "bb300cfdad3c16e7a12a480ee83cd310",
    ),
    ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
"""60,000 and 10,000 pictures of clothes of 28 × 28 (Xiao, Rasul and Vollgraf 2017)."""


UNSIGNED_BYTE = 0x08
"""The type code of all of MNIST's files."""


def parse_idx(content: bytes, dimensions: int, where: str) -> npt.NDArray[np.uint8]:
    """The array that an IDX file of unsigned bytes holds.

    Args:
        content: the whole file: two zero bytes, the type code, the number of dimensions, each size as a big-endian
            32-bit integer, the bytes in C order.
        dimensions: how many the array should have: 3 for images, 1 for labels.
        where: the file's name, for error messages.

    Raises:
        DataError: if the content is no such file.
    """
    start = 4 + 4 * dimensions
    if len(content) < start or content[:4] != bytes([0, 0, UNSIGNED_BYTE, dimensions]):
        raise DataError(
            f"{where} is no IDX file of unsigned bytes in {dimensions} dimensions: delete it and try again."
        )
    sizes = struct.unpack(f">{dimensions}I", content[4:start])
    if len(content) - start != math.prod(sizes):
        promised = " × ".join(map(str, sizes))
        raise DataError(f"{where} promises {promised} bytes and holds {len(content) - start}: delete it and try again.")
    return np.frombuffer(content, np.uint8, offset=start).reshape(sizes)
