"""What a data set is: inputs and labels of two splits, as tensors."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from torch import Tensor

from szilard.errors import DataError


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images, or any inputs with whole-number labels, in a training and a test split.

    Attributes:
        name: as the catalogue knows it, or any name for data of one's own.
        train_inputs: shaped ``(examples, *input)``; the catalogue's are float32 images in [0, 1] shaped
            ``(examples, 1, height, width)``.
        train_labels: int64, shaped ``(examples,)``, from 0 to ``len(classes) − 1``.
        test_inputs: like ``train_inputs``.
        test_labels: like ``train_labels``.
        classes: the name of each label.
        test_labelled: whether the test labels mean anything; without, the test inputs are a probe and no more.

    Raises:
        DataError: if inputs and labels differ in number, or a label names no class.
    """

    name: str
    train_inputs: Tensor
    train_labels: Tensor
    test_inputs: Tensor
    test_labels: Tensor
    classes: tuple[str, ...]
    test_labelled: bool = True

    def __post_init__(self) -> None:
        for split in ("train", "test"):
            self._check(split, *self.split(split))

    def split(self, name: str) -> tuple[Tensor, Tensor]:
        """Inputs and labels of ``"train"`` or ``"test"``."""
        return (self.train_inputs, self.train_labels) if name == "train" else (self.test_inputs, self.test_labels)

    @property
    def fingerprint(self) -> str:
        """Tells data sets apart by their contents: a checksum of every tensor."""
        sums = [_checksum(tensor) for name in ("train", "test") for tensor in self.split(name)]
        return "-".join(f"{each:08x}" for each in sums)

    def _check(self, split: str, inputs: Tensor, labels: Tensor) -> None:
        if len(inputs) == 0 or labels.shape != inputs.shape[:1]:
            raise DataError(
                f"the {split} split of {self.name!r} has inputs shaped {tuple(inputs.shape)} and labels shaped"
                f" {tuple(labels.shape)}: give one label for each of at least one input."
            )
        if labels.is_floating_point() or labels.min() < 0 or labels.max() >= len(self.classes):
            raise DataError(
                f"the {split} labels of {self.name!r} must be whole numbers from 0 to {len(self.classes) - 1}, one for"
                f" each of its {len(self.classes)} classes: correct the labels or name more classes."
            )


def _checksum(tensor: Tensor) -> int:
    return zlib.crc32(tensor.detach().cpu().contiguous().numpy().tobytes())
