"""The nested design of an ensemble: task → data set → seed, and which member stands where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

from szilard.ensemble.datasets import Bootstrap, Datasets, Disjoint, Identical, Supersample
from szilard.ensemble.tasks import ClassSubset, Given, LabelPermutation, Task, Teacher
from szilard.settings import Settings
from szilard.training import streams

LEVELS = ("task", "dataset", "seed", "initialisation", "order")
"""By which a member is known; ``seed`` counts the members of a data set."""


@dataclass(frozen=True)
class Crossed(Settings):
    """Seeds of a data set in which every initialisation meets every batch order.

    ``info_seed`` then splits into what the initialisation leaves and what the order adds.

    Attributes:
        initialisations: how many.
        orders: how many.
    """

    kind: ClassVar[str] = "crossed"
    initialisations: int
    orders: int

    def check(self) -> None:
        self.require("initialisations", self.initialisations >= 1, "at least 1")
        self.require("orders", self.orders >= 1, "at least 1")


@final
@dataclass(frozen=True, slots=True)
class Member:
    """One training of the ensemble: where it stands, and the seeds of its own random streams."""

    number: int
    task: int
    dataset: int
    seed: int
    initialisation: int
    order: int
    initialisation_seed: int
    order_seed: int
    forward_seed: int


@dataclass(frozen=True)
class Design(Settings):
    """What varies between the trainings of an ensemble, level by level.

    ``I(X;Θ) = I(X;task) + I(X;dataset|task) + I(X;seed|dataset)`` (docs/quantities/information.md): what the budget
    can say depends on what the design varies.

    Attributes:
        tasks: 1, or how several are drawn.
        datasets: of each task: 1 (the whole training split), or how several are drawn.
        seeds: of each data set: a number, or initialisations crossed with batch orders.
        population: whether the data sets of a task are all that there are, rather than a sample of more. Then
            ``I(Θ;B)`` is at most the logarithm of their number.

    Example:
        >>> design = Design(datasets=Disjoint(6, size=1000, label_noise=0.3), seeds=3)
        >>> len(design.members(seed=0)), design.outermost, design.clusters
        (18, 'dataset', 6)
    """

    tasks: int | LabelPermutation | ClassSubset | Teacher = 1
    datasets: int | Disjoint | Bootstrap | Identical | Supersample = 1
    seeds: int | Crossed = 1
    population: bool = False

    def check(self) -> None:
        for name, example in (("tasks", "szilard.LabelPermutation(3)"), ("datasets", "szilard.Disjoint(6, size=1000)")):
            value = getattr(self, name)
            holds = value == 1 or not isinstance(value, int)
            self.require(name, holds, f"1, or a kind that says what varies, {example} for instance")
        self.require("seeds", not isinstance(self.seeds, int) or self.seeds >= 1, "at least 1")

    @property
    def task_kind(self) -> Task:
        """How tasks are drawn: the setting, or what a bare number of tasks stands for."""
        return Given() if isinstance(self.tasks, int) else self.tasks

    @property
    def dataset_kind(self) -> Datasets:
        """How data sets are drawn: the setting, or what a bare number of them stands for."""
        return Disjoint(1) if isinstance(self.datasets, int) else self.datasets

    @property
    def shape(self) -> tuple[int, int, int]:
        """Tasks, data sets of each, seeds of each of these."""
        return self.task_kind.count, self.dataset_kind.count, len(self._seeds())

    @property
    def crossed(self) -> bool:
        """Whether both initialisation and batch order can be told apart."""
        return isinstance(self.seeds, Crossed) and self.seeds.initialisations > 1 and self.seeds.orders > 1

    @property
    def outermost(self) -> str:
        """The outermost level that varies: what error bars are over."""
        tasks, datasets, _ = self.shape
        return "task" if tasks > 1 else "dataset" if datasets > 1 else "seed"

    @property
    def clusters(self) -> int:
        """Number of draws of the outermost level, over which errors are taken."""
        return self.shape[("task", "dataset", "seed").index(self.outermost)]

    def members(self, seed: int) -> tuple[Member, ...]:
        """All of them, nested: the seeds of the first data set of the first task come first."""
        tasks, datasets, _ = self.shape
        found: list[Member] = []
        for task in range(tasks):
            for dataset in range(datasets):
                for number, (initialisation, order) in enumerate(self._seeds()):
                    where = f"{task} {dataset}"
                    found.append(
                        Member(
                            len(found), task, dataset, number, initialisation, order,
                            streams.seed_of(seed, f"{streams.INITIALISATION} {where} {initialisation}"),
                            streams.seed_of(seed, f"{streams.ORDER} {where} {order}"),
                            streams.seed_of(seed, f"{streams.FORWARD} {where} {number}"),
                        )
                    )  # fmt: skip
        return tuple(found)

    def described(self) -> dict[str, object]:
        """The design as the record holds it, as JSON: numbers of each level, and what they stand for."""
        tasks, datasets, seeds = self.shape
        return {
            "tasks": tasks,
            "datasets": datasets,
            "seeds": seeds,
            "crossed": self.crossed,
            "outermost": self.outermost,
            "population": self.population,
            "supersample": isinstance(self.datasets, Supersample),
        }

    def _seeds(self) -> list[tuple[int, int]]:
        """Initialisation and batch order of each member of a data set."""
        if isinstance(self.seeds, int):
            return [(number, number) for number in range(self.seeds)]
        return [(i, o) for i in range(self.seeds.initialisations) for o in range(self.seeds.orders)]


def coordinates(members: Sequence[Member]) -> dict[str, list[int]]:
    """Every level's number for each member, as the record holds them."""
    return {level: [getattr(member, level) for member in members] for level in LEVELS}
