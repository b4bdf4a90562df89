"""What a data set is: inputs and labels of two splits, as tensors.

Data of one's own: from arrays, from PyTorch datasets, or by the address of a function that makes them.
"""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from szilard.errors import DataError, SpecError


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

    def _repr_html_(self) -> str:
        from szilard.data.display import as_html

        return as_html(self)

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


_AT_ONCE = 1024


def from_arrays(
    train_inputs: Any,
    train_labels: Any,
    test_inputs: Any,
    test_labels: Any = None,
    *,
    classes: Sequence[str] | None = None,
    name: str = "own data",
) -> Dataset:
    """A data set from tensors or NumPy arrays; copied as float32 and int64 where they are not yet.

    Args:
        train_inputs, test_inputs: shaped ``(examples, *input)``, numbers.
        train_labels, test_labels: whole numbers from 0 on, shaped ``(examples,)``. Test inputs need none: they are what
            models are measured on, a probe of one's own, and ``Probe(labelled=False)`` then goes with them.
        classes: the name of each label; by default the numbers up to the largest label.
        name: kept in the record.

    Raises:
        DataError: if inputs and labels do not fit together.
    """
    inputs = [_tensor(each).float() for each in (train_inputs, test_inputs)]
    known = test_labels is not None
    test = test_labels if known else torch.zeros(len(inputs[1]), dtype=torch.int64)
    labels = [_whole(_tensor(each), name) for each in (train_labels, test)]
    if classes is None:
        most = max((int(each.max()) for each in labels if each.numel()), default=0)
        classes = [str(number) for number in range(most + 1)]
    return Dataset(name, inputs[0], labels[0], inputs[1], labels[1], tuple(classes), known)


def from_torch(
    train: TorchDataset, test: TorchDataset, *, classes: Sequence[str] | None = None, name: str = "own data"
) -> Dataset:
    """A data set from two of ``torch.utils.data``, each of whose items is an input tensor and a whole-number label.

    All of it is read into memory once; random augmentation is frozen by that.

    Raises:
        DataError: if an item is no such pair, or the inputs differ in shape.
    """
    read = [_read(each, name) for each in (train, test)]
    return from_arrays(*read[0], *read[1], classes=classes, name=name)


def from_address(address: str) -> Dataset:
    """What the function at ``"module:function"`` returns: a :class:`Dataset`.

    Raises:
        SpecError: if there is no such function, or it returns something else.
    """
    module, _, function = address.partition(":")
    try:
        made = getattr(importlib.import_module(module), function)()
    except (ImportError, AttributeError) as error:
        raise SpecError(
            f"the data {address!r} cannot be had ({error}): name a function of a module that can be imported from here."
        ) from error
    if not isinstance(made, Dataset):
        raise SpecError(
            f"{address!r} returned a {type(made).__name__}: let it return szilard.data.from_arrays(…) or from_torch(…)."
        )
    return made


def _read(dataset: TorchDataset, name: str) -> tuple[Tensor, Tensor]:
    try:
        parts = [(inputs, labels) for inputs, labels in DataLoader(dataset, batch_size=_AT_ONCE)]
        return torch.cat([each[0] for each in parts]), torch.cat([each[1] for each in parts])
    except (TypeError, ValueError, RuntimeError) as error:
        raise DataError(
            f"the items of {name!r} are not pairs of an input tensor and a label ({str(error).splitlines()[0]}): give"
            " inputs of one shape, or use szilard.data.from_arrays."
        ) from error


def _tensor(values: Any) -> Tensor:
    return values.detach() if isinstance(values, Tensor) else torch.as_tensor(np.asarray(values))


def _whole(labels: Tensor, name: str) -> Tensor:
    if labels.is_floating_point() and not torch.equal(labels, labels.round()):
        raise DataError(f"the labels of {name!r} are not whole numbers: give one class index per example.")
    return labels.to(torch.int64)
