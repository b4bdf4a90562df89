"""The training data as a measure draws from them: by row, with a generator of its own, the loop's order untouched."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import torch
from torch import Tensor
from torch.utils import _pytree as pytree
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    DistributedSampler,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    default_collate,
)

from szilard.errors import SpecError

Batch = tuple[Any, Any]
"""Inputs and labels; tensors, or nested tuples and dicts of them."""


@final
@dataclass(frozen=True, slots=True)
class Examples:
    """Examples by row.

    Attributes:
        count: how many there are.
        take: inputs and labels of the rows in a tensor, on any device.
        home: where the rows' numbers are wanted.
        batch_size: what the loop's loader makes of them, all ranks together, where that is known.
        replacement: whether it draws with replacement, where that is known.
        ragged: whether its epochs end with a batch of what is left.
        labels: all of them, where they are at hand.
    """

    count: int
    take: Callable[[Tensor], Batch]
    home: torch.device
    batch_size: int | None = None
    replacement: bool | None = None
    ragged: bool = False
    labels: Any = None

    @classmethod
    def of(cls, data: Any) -> Examples:
        """From a pair of tensors, a dataset or loader of PyTorch, or a data set of szilard (its training split).

        Raises:
            SpecError: if it is none of these, holds no examples, or they have no rows.
        """
        if hasattr(data, "train_inputs") and hasattr(data, "train_labels"):
            return _of_tensors(data.train_inputs, data.train_labels)
        if isinstance(data, DataLoader):
            return _of_loader(data)
        if isinstance(data, tuple | list) and len(data) == 2:
            return _of_tensors(*data)
        if isinstance(data, IterableDataset):
            raise SpecError(
                "the training data are a stream (IterableDataset), from which no fresh batch can be drawn: give "
                "(inputs, labels), or a dataset with rows."
            )
        if hasattr(data, "__getitem__") and hasattr(data, "__len__"):
            return _of_rows(data, default_collate)
        raise SpecError(
            f"the training data are a {type(data).__name__}: give (inputs, labels), a dataset, or a DataLoader."
        )

    def draw(self, size: int, generator: torch.Generator, device: torch.device) -> Batch:
        """``size`` examples, independently and with replacement."""
        return self.batch(torch.randint(self.count, (size,), generator=generator, device=generator.device), device)

    def batch(self, rows: Tensor, device: torch.device) -> Batch:
        """The examples of some rows."""
        return on(device, self.take(rows))

    def ignored(self) -> Tensor:
        """Rows with a label below zero, which tells losses to leave something out; none where that is not known."""
        odd = torch.zeros(self.count, dtype=torch.bool)
        for leaf in pytree.tree_leaves(self.labels):
            if isinstance(leaf, Tensor) and leaf.dtype in (torch.int64, torch.int32, torch.int16, torch.int8):
                odd |= (leaf < 0).reshape(self.count, -1).any(1).cpu()
        return torch.nonzero(odd).flatten().to(self.home)

    def chunks(self, size: int, device: torch.device) -> Iterator[tuple[Any, Any, int]]:
        """All of them once, in order: inputs, labels and number of examples of each chunk."""
        for start in range(0, self.count, size):
            rows = torch.arange(start, min(start + size, self.count), device=self.home)
            yield *on(device, self.take(rows)), len(rows)


def on(device: torch.device, batch: Batch) -> Batch:
    """The batch with all its tensors on a device; what is no tensor stays as it is."""
    inputs, labels = (
        pytree.tree_map(lambda leaf: leaf.to(device, non_blocking=True) if isinstance(leaf, Tensor) else leaf, part)
        for part in batch
    )
    return inputs, labels


def _of_tensors(inputs: Any, labels: Any) -> Examples:
    both = (tuple(inputs) if isinstance(inputs, list) else inputs, labels)
    leaves = [leaf for part in both for leaf in pytree.tree_leaves(part)]
    if not leaves or not all(isinstance(leaf, Tensor) and leaf.dim() > 0 for leaf in leaves):
        raise SpecError(
            "the training data must be tensors with one row per example, or a dataset: convert arrays with "
            "torch.as_tensor."
        )
    counts = {len(leaf) for leaf in leaves}
    if len(counts) != 1 or 0 in counts:
        raise SpecError(
            f"the training data's tensors have {sorted(counts)} rows: give as many inputs as labels, at least one."
        )

    def take(rows: Tensor) -> Batch:
        first, second = (pytree.tree_map(lambda leaf: leaf[rows.to(leaf.device)], part) for part in both)
        return first, second

    return Examples(counts.pop(), take, leaves[0].device, labels=labels)


def _of_loader(loader: DataLoader[Any]) -> Examples:
    if isinstance(loader.dataset, IterableDataset):
        return Examples.of(loader.dataset)
    if loader.batch_sampler is not None and type(loader.batch_sampler) is not BatchSampler:
        raise _unknown_sampler(loader.batch_sampler)
    sampler = loader.sampler if loader.batch_size is not None or loader.batch_sampler is None else None
    sampler = getattr(loader.batch_sampler, "sampler", None) if sampler is None else sampler
    size = loader.batch_size or getattr(loader.batch_sampler, "batch_size", None)
    dataset: Any = loader.dataset
    replacement, ranks, left = None, 1, None
    if type(sampler) is RandomSampler:
        replacement, left = bool(sampler.replacement), sampler.num_samples
    elif type(sampler) is SubsetRandomSampler:
        dataset, replacement = Subset(dataset, [int(index) for index in sampler.indices]), False
    elif type(sampler) is DistributedSampler:
        # The gradient is the mean over all ranks, each of which draws a share of the same shuffled epoch.
        ranks, replacement, left = sampler.num_replicas, False if sampler.shuffle else None, sampler.num_samples
    elif type(sampler) is not SequentialSampler:
        raise _unknown_sampler(sampler)
    plain = loader.collate_fn is default_collate
    found = _of_rows(dataset, loader.collate_fn, tensors=plain)
    drop = loader.drop_last or getattr(loader.batch_sampler, "drop_last", False)
    left = found.count if left is None else left
    ragged = size is not None and not drop and left % size != 0
    whole = None if size is None else size * ranks
    return replace(found, batch_size=whole, replacement=replacement, ragged=ragged)


def _unknown_sampler(sampler: object) -> SpecError:
    return SpecError(
        f"the loader draws by a {type(sampler).__name__}, whose order and weights fresh batches cannot copy: give "
        "train_data as (inputs, labels) or a dataset of what is drawn, with batch_size= and replacement=."
    )


def _of_rows(dataset: Any, collate: Callable[[Any], Any], *, tensors: bool = True) -> Examples:
    if tensors and isinstance(dataset, TensorDataset) and len(dataset.tensors) == 2:
        return _of_tensors(*dataset.tensors)
    count = len(dataset)
    if count == 0:
        raise SpecError("the training data hold no examples: give at least one.")

    def take(rows: Tensor) -> Batch:
        indices = rows.tolist()
        several = getattr(dataset, "__getitems__", None)
        batch = collate(several(indices) if several else [dataset[index] for index in indices])
        return _pair(batch)

    return Examples(count, take, torch.device("cpu"))


def _pair(batch: Any) -> Batch:
    if isinstance(batch, Sequence) and not isinstance(batch, str) and len(batch) == 2:
        first = batch[0]
        return (tuple(first) if isinstance(first, list) else first), batch[1]
    what = f"a dict of {sorted(map(str, batch))}" if isinstance(batch, Mapping) else f"a {type(batch).__name__}"
    raise SpecError(
        f"a batch of the training data is {what}, not a pair of inputs and labels: give a dataset whose items are "
        "pairs; the inputs may themselves be a dict."
    )
