"""Data sets: which examples of its task a member is trained on, and with which labels.

Every kind has ``count`` and ``draw(task_number, truth, classes, seed)``, which gives one :class:`Draw` for each data
set of a task. Label noise is part of a data set: a share of its labels is drawn anew, uniformly from all classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Int
from torch import Tensor

from szilard.ensemble.tasks import Truth
from szilard.errors import SpecError
from szilard.settings import Settings
from szilard.training import streams


@final
@dataclass(frozen=True)
class Draw:
    """One data set.

    Attributes:
        index: its examples, as rows of the training split.
        labels: their labels, noise included.
        pairs: in a supersample design the pairs of examples, as rows of the training split; None elsewhere.
        chosen: in a supersample design which of each pair was taken, 0 or 1; None elsewhere.
    """

    index: Int[Tensor, " size"]
    labels: Int[Tensor, " size"]
    pairs: Int[Tensor, "size 2"] | None = None
    chosen: Int[Tensor, " size"] | None = None


@dataclass(frozen=True)
class _Datasets(Settings):
    """What all kinds share.

    Attributes:
        count: data sets of each task.
        size: examples in each; None takes all there are.
        label_noise: share of the labels drawn anew, uniformly from all classes.
    """

    count: int
    size: int | None = None
    label_noise: float = 0.0

    def check(self) -> None:
        self.require("count", self.count >= 1, "at least 1")
        self.require("size", self.size is None or self.size >= 1, "at least 1")
        self.require("label_noise", 0 <= self.label_noise <= 1, "from 0 to 1")

    def _drawn(
        self, rows: Int[Tensor, " size"], truth: Truth, classes: int, generator: torch.Generator
    ) -> Int[Tensor, " size"]:
        """Labels of these examples, noise included."""
        labels = truth.labels("train", rows, generator)
        noisy = torch.rand(len(rows), generator=generator) < self.label_noise
        return torch.where(noisy, torch.randint(classes, labels.shape, generator=generator), labels)


@dataclass(frozen=True)
class Disjoint(_Datasets):
    """Data sets without a common example: independent draws from the population."""

    kind: ClassVar[str] = "disjoint"

    def draw(self, task: int, truth: Truth, classes: int, seed: int) -> Iterator[Draw]:
        """Consecutive parts of one random order.

        Raises:
            SpecError: if there are too few examples, with the arithmetic.
        """
        there = len(truth.eligible)
        size = there // self.count if self.size is None else self.size
        if self.count * size > there or size == 0:
            raise SpecError(
                f"{self.count} disjoint data sets of {max(size, 1):,} examples need {self.count * max(size, 1):,}, and"
                f" there are {there:,}: lower datasets.count or datasets.size (at most {there // self.count:,}), or"
                " draw with kind = 'bootstrap'."
            )
        order = truth.eligible[torch.randperm(there, generator=streams.generator_of(seed, f"{streams.DATASET} {task}"))]
        for number, rows in enumerate(order[: self.count * size].split(size)):
            generator = streams.generator_of(seed, f"{streams.LABELS} {task} {number}")
            yield Draw(rows, self._drawn(rows, truth, classes, generator))


@dataclass(frozen=True)
class Bootstrap(_Datasets):
    """Data sets drawn with replacement from the same examples: for data too few to be split.

    They overlap, so they are draws from the training split, not from the population behind it.
    """

    kind: ClassVar[str] = "bootstrap"

    def draw(self, task: int, truth: Truth, classes: int, seed: int) -> Iterator[Draw]:
        """Yields the data sets of a task, each drawn from a random stream of its own."""
        there = len(truth.eligible)
        for number in range(self.count):
            generator = streams.generator_of(seed, f"{streams.DATASET} {task} {number}")
            rows = truth.eligible[torch.randint(there, (self.size or there,), generator=generator)]
            yield Draw(rows, self._drawn(rows, truth, classes, generator))


@dataclass(frozen=True)
class Identical(_Datasets):
    """One and the same data set under several numbers: a null ensemble, in which nothing can be memorised apart."""

    kind: ClassVar[str] = "identical"

    def draw(self, task: int, truth: Truth, classes: int, seed: int) -> Iterator[Draw]:
        """Yields the first of the task's disjoint data sets, again and again."""
        alone = Disjoint(1, self.size or len(truth.eligible), self.label_noise)
        return iter([next(alone.draw(task, truth, classes, seed))] * self.count)


@dataclass(frozen=True)
class Supersample(_Datasets):
    """N pairs of examples; each data set takes one of every pair by coin flips U: the supersample design.

    ``I(Θ;U|Z̃)`` bounds the generalisation gap (Steinke and Zakynthinou 2020); ``size`` is N.
    """

    kind: ClassVar[str] = "supersample"

    def draw(self, task: int, truth: Truth, classes: int, seed: int) -> Iterator[Draw]:
        """The pairs and their labels are the same for all data sets of a task; the coins differ.

        Raises:
            SpecError: if there are too few examples.
        """
        there = len(truth.eligible)
        pairs = there // 2 if self.size is None else self.size
        if 2 * pairs > there or pairs == 0:
            raise SpecError(
                f"{pairs:,} pairs need {2 * pairs:,} examples, and there are {there:,}: lower datasets.size to at most"
                f" {there // 2:,}."
            )
        generator = streams.generator_of(seed, f"{streams.DATASET} {task}")
        rows = truth.eligible[torch.randperm(there, generator=generator)[: 2 * pairs]]
        labels, rows = self._drawn(rows, truth, classes, generator).reshape(pairs, 2), rows.reshape(pairs, 2)
        for number in range(self.count):
            coins = streams.generator_of(seed, f"{streams.DATASET} {task} {number}")
            chosen = torch.randint(2, (pairs, 1), generator=coins)
            yield Draw(rows.gather(1, chosen)[:, 0], labels.gather(1, chosen)[:, 0], rows, chosen[:, 0])


Datasets = Disjoint | Bootstrap | Identical | Supersample
