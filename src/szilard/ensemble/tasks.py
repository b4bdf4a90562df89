"""Tasks: what the ground truth is. Each task is drawn from its own random stream, and says which label an input has.

Every kind has ``count`` and ``draw(task, data, seed)``, which gives one :class:`Truth`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from szilard.data import Dataset
from szilard.errors import SpecError
from szilard.settings import Settings
from szilard.training import Factory, streams

NO_LABEL = -1
"""The label of a probe input that the task says nothing of."""
_CHUNK = 4096


@final
@dataclass(frozen=True)
class Truth:
    """One task: the label of every training and test example, or the distribution from which it is drawn.

    Attributes:
        train, test: labels, or where the truth is random (a teacher) the probability of each class.
        eligible: the training examples that the task is about.
    """

    train: Int[Tensor, " examples"] | Float[Tensor, "examples classes"]
    test: Int[Tensor, " examples"] | Float[Tensor, "examples classes"]
    eligible: Int[Tensor, " some"]

    def labels(self, split: str, rows: Int[Tensor, " rows"], generator: torch.Generator) -> Int[Tensor, " rows"]:
        """The labels of some examples; drawn where the truth is random."""
        truth = (self.train if split == "train" else self.test)[rows]
        return truth if truth.dim() == 1 else torch.multinomial(truth, 1, generator=generator)[:, 0]


@dataclass(frozen=True)
class Given(Settings):
    """One task, whose labels are those that the data give."""

    kind: ClassVar[str] = "given"
    count: ClassVar[int] = 1

    def draw(self, task: int, data: Dataset, seed: int) -> Truth:
        """The labels of the data, whatever the number of the task."""
        return Truth(data.train_labels, data.test_labels, torch.arange(len(data.train_labels)))


@dataclass(frozen=True)
class LabelPermutation(Settings):
    """Each task renames the classes by a permutation of its own.

    Attributes:
        count: number of tasks.
    """

    kind: ClassVar[str] = "label-permutation"
    count: int

    def check(self) -> None:
        self.require("count", self.count >= 1, "at least 1")

    def draw(self, task: int, data: Dataset, seed: int) -> Truth:
        """The labels of the data, renamed by the task's permutation of the classes."""
        generator = streams.generator_of(seed, f"{streams.TASK} {task}")
        names = torch.randperm(len(data.classes), generator=generator)
        return Truth(names[data.train_labels], names[data.test_labels], torch.arange(len(data.train_labels)))


@dataclass(frozen=True)
class ClassSubset(Settings):
    """Each task is about some of the classes only.

    Attributes:
        count: number of tasks.
        classes: how many classes each is about.
    """

    kind: ClassVar[str] = "class-subset"
    count: int
    classes: int = 5

    def check(self) -> None:
        self.require("count", self.count >= 1, "at least 1")
        self.require("classes", self.classes >= 2, "at least 2")

    def draw(self, task: int, data: Dataset, seed: int) -> Truth:
        """Labels as given, on the classes of this task; test inputs of others have none.

        Raises:
            SpecError: if the data have fewer classes.
        """
        total = len(data.classes)
        if self.classes > total:
            raise SpecError(
                f"a task of {self.classes} classes is more than the {total} of {data.name!r}: ask for fewer."
            )
        generator = streams.generator_of(seed, f"{streams.TASK} {task}")
        chosen = torch.randperm(total, generator=generator)[: self.classes]
        test = torch.where(torch.isin(data.test_labels, chosen), data.test_labels, NO_LABEL)
        return Truth(data.train_labels, test, torch.nonzero(torch.isin(data.train_labels, chosen))[:, 0])


@dataclass(frozen=True)
class Teacher(Settings):
    """Each task is a network with random weights, whose softmax gives the labels.

    Attributes:
        count: number of tasks.
        model: of the teacher.
        temperature: divides its logits; small ones make labels certain, and 0 takes the largest logit.
    """

    kind: ClassVar[str] = "teacher"
    count: int
    model: Factory
    temperature: float = 1.0

    def check(self) -> None:
        self.require("count", self.count >= 1, "at least 1")
        self.require("temperature", self.temperature >= 0, "at least 0")

    def draw(self, task: int, data: Dataset, seed: int) -> Truth:
        """The teacher's probabilities on every example, scaled to unit variance over the training inputs.

        Raises:
            SpecError: if the teacher does not give as many logits as the data have classes.
        """
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(streams.seed_of(seed, f"{streams.TASK} {task}"))
            teacher = self.model.build().eval()
            with torch.no_grad():
                train, test = (
                    torch.cat([teacher(part) for part in inputs.split(_CHUNK)]).double()
                    for inputs in (data.train_inputs, data.test_inputs)
                )
        if train.shape != (len(data.train_inputs), len(data.classes)):
            raise SpecError(
                f"the teacher gives {tuple(train.shape[1:])} numbers per input and {data.name!r} has"
                f" {len(data.classes)} classes: let its last layer have as many."
            )
        everything = torch.arange(len(train))
        if self.temperature == 0:
            return Truth(train.argmax(-1), test.argmax(-1), everything)
        scale = train.std() * self.temperature
        return Truth(torch.softmax(train / scale, -1), torch.softmax(test / scale, -1), everything)


Task = Given | LabelPermutation | ClassSubset | Teacher
