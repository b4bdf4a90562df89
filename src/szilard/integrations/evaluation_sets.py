"""The probe out of the evaluation sets that a framework has already, by their names."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, final

import torch
from torch import nn
from torch.utils.data import (
    DataLoader,
    DistributedSampler,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
    default_collate,
)

from szilard.errors import SpecError, nearest
from szilard.models.checks import explain
from szilard.models.state.random_state import RandomState

INPUTS = 512
"""Elements of an evaluation set that make the probe, unless the user says otherwise."""
DRAWN = 2**16
"""Numbers that a sampler of a user's own is asked for at most: it may go on for ever."""


@final
@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """One evaluation set: its elements, and how its framework makes a batch of some.

    Attributes:
        elements: with a length and elements by number; or streamed, which is refused when it is used.
        collate: from a list of elements to a batch.
        sampler: that gives the numbers of those elements which belong to the set, or lists of them; None: all do.
    """

    elements: Any
    collate: Callable[[list[Any]], Any] = default_collate
    sampler: Any = None

    @classmethod
    def of(cls, given: Any) -> EvaluationSet:
        """That of a loader, with its own way of making batches; of a data set, with torch's."""
        if isinstance(given, DataLoader) or (hasattr(given, "dataset") and hasattr(given, "collate_fn")):
            return cls(given.dataset, given.collate_fn or default_collate, _innermost(given))
        return cls(given)


@final
class EvaluationSets:
    """The evaluation sets of a training, by name.

    Args:
        sets: by the names under which users know them, loaders or data sets or :class:`EvaluationSet`; those that are
            None are left out.
        aliases: other names of the same sets, which errors do not list.
    """

    def __init__(self, sets: Mapping[str, Any], aliases: Mapping[str, str] | None = None) -> None:
        given = {name: each for name, each in sets.items() if each is not None}
        self._sets = {
            name: each if isinstance(each, EvaluationSet) else EvaluationSet.of(each) for name, each in given.items()
        }
        self._aliases = dict(aliases or {})

    def take(self, name: str, inputs: int, device: torch.device) -> Any:
        """The first ``inputs`` elements of the set of this name, as one batch of its framework's own making.

        Random numbers that elements or batches are made with are put back: the training draws what it would have drawn.

        Raises:
            SpecError: if there is no such set, it is streamed or empty, or its elements make no batch.
        """
        known = self._aliases.get(name, name)
        if known not in self._sets:
            raise SpecError(self._missing(name))
        chosen = self._sets[known]
        before = RandomState.now(device)
        try:
            return chosen.collate(_first(chosen, name, inputs))
        except SpecError:
            raise
        except Exception as error:
            raise SpecError(
                f"the first {inputs} elements of the evaluation set {name!r} make no batch ({explain(error)}): give "
                "the probe itself, as the model takes it, instead of the set's name."
            ) from error
        finally:
            before.put_back(device)

    def _missing(self, name: str) -> str:
        if not self._sets:
            return (
                f"there is no evaluation set {name!r}, because the training has none: give it one, or give the probe "
                "itself, as the model takes it."
            )
        return f"there is no evaluation set {name!r}: {nearest(name, self._sets)}"


def _first(chosen: EvaluationSet, name: str, inputs: int) -> list[Any]:
    """The first elements of a set that has a length.

    Raises:
        SpecError: if it has none, because it is streamed, or is empty.
    """
    elements = chosen.elements
    sized = hasattr(elements, "__len__") and hasattr(elements, "__getitem__")
    if isinstance(elements, IterableDataset) or not sized:
        raise SpecError(
            f"the evaluation set {name!r} is streamed, so a probe out of it would be taken from the evaluation: take "
            f"{inputs} inputs yourself, and give them as the probe instead of the set's name."
        )
    numbers = list(islice(_numbers(chosen.sampler, len(elements)), inputs))
    if not numbers:
        raise SpecError(f"the evaluation set {name!r} is empty: name another, or give the probe itself.")
    return [elements[number] for number in numbers]


def _innermost(loader: Any) -> Any:
    """The sampler that a loader draws single elements by, beneath those that make batches and shares of them."""
    sampler = getattr(loader, "batch_sampler", None)
    sampler = getattr(loader, "sampler", None) if sampler is None else sampler
    inner = sampler
    while inner is not None:
        sampler, inner = inner, getattr(inner, "batch_sampler", getattr(inner, "sampler", None))
    return sampler


def _numbers(sampler: Any, count: int) -> Iterator[int]:
    """Which of so many elements a loader gives, in order: a part of them where its sampler keeps to one.

    Training and validation are often parts of the same data set, told apart by nothing but their samplers.
    """
    if sampler is None or isinstance(sampler, WeightedRandomSampler | DistributedSampler):
        return iter(range(count))
    if isinstance(sampler, SequentialSampler | RandomSampler):
        return iter(range(min(count, len(sampler.data_source))))
    if isinstance(sampler, SubsetRandomSampler):
        return iter(sampler.indices)
    return islice(_drawn(sampler), count)


def _drawn(sampler: Any) -> Iterator[int]:
    """What a sampler of anybody's own gives first, each once; it and its generator stay as they were."""
    generator: Any = getattr(sampler, "generator", None)
    before = generator.get_state() if isinstance(generator, torch.Generator) else None
    try:
        yield from dict.fromkeys(islice(_singly(copy.copy(sampler)), DRAWN))
    finally:
        if before is not None:
            generator.set_state(before)


def _singly(given: Iterable[Any]) -> Iterator[int]:
    for each in given:
        yield from each if isinstance(each, list | tuple) else (each,)


def device_of(model: nn.Module) -> torch.device:
    """Where a model's parameters are; the CPU where it has none."""
    first = next(model.parameters(), None)
    return torch.device("cpu") if first is None else first.device


def split_labels(batch: Any, names: Iterable[str] = ("labels", "label")) -> tuple[Any, Any]:
    """Inputs and labels of a batch: a mapping without its labels, or the first and the last of a pair.

    Returns:
        the inputs as the model takes them, and the labels, None where there are none.
    """
    if isinstance(batch, Mapping):
        inputs = dict(batch)
        found = [inputs.pop(name) for name in names if name in inputs]
        return inputs, found[0] if found else None
    if isinstance(batch, list | tuple) and len(batch) == 2:
        return batch[0], batch[1]
    if isinstance(batch, list | tuple) and len(batch) == 1:
        return batch[0], None
    return batch, None
