"""Which member belongs where: task → dataset → seed, a seed being an initialisation and an order of the batches."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from szilard.errors import SpecError


@dataclass(frozen=True, eq=False)
class Nesting:
    """The place of every member in the ensemble.

    Datasets are told apart within a task, initialisations and orders within a dataset. Members of different datasets
    are taken to have independent seeds, whatever their numbers. Every cluster of a level weighs the same: a task as
    its siblings, a dataset as the others of its task, a member as the others of its dataset, however many are left.

    Args:
        task: of each member, integers.
        dataset: of each member.
        initialisation: of each member; by default all of a dataset's members start differently.
        order: of the batches, of each member; by default all of a dataset's members see another one.

    Raises:
        SpecError: for numbers that are not integers, of unequal lengths, or two members in one place.

    Example:
        >>> nesting = Nesting.regular(tasks=1, datasets=6, seeds=3)
        >>> nesting.members, nesting.outermost, nesting.clusters
        (18, 'dataset', 6)
    """

    task: Int[ndarray, " members"]
    dataset: Int[ndarray, " members"]
    initialisation: Int[ndarray, " members"] | None = None
    order: Int[ndarray, " members"] | None = None

    def __post_init__(self) -> None:
        counting = np.arange(len(np.atleast_1d(self.task)))
        for name in ("task", "dataset", "initialisation", "order"):
            given = getattr(self, name)
            values = counting if given is None else np.asarray(given)
            if values.ndim != 1 or not np.issubdtype(values.dtype, np.integer):
                raise SpecError(f"{name} is not a list of integers, one for each member: number them 0, 1, 2, …")
            if len(values) != len(counting):
                raise SpecError(f"{name} has {len(values)} members and task {len(counting)}: give all of them.")
            object.__setattr__(self, name, values)
        if len(counting) < 2:
            raise SpecError(f"an ensemble of {len(counting)} has no information: train at least 2 members.")
        places = np.stack([self.task, self.dataset, self._initialisation, self._order], 1)
        if len(np.unique(places, axis=0)) < len(places):
            raise SpecError(
                "two members share task, dataset, initialisation and order: they are one training, count it once."
            )

    @classmethod
    def regular(cls, *, tasks: int = 1, datasets: int = 1, seeds: int | tuple[int, int] = 1) -> Nesting:
        """A complete design; ``seeds`` as a pair crosses so many initialisations with so many orders."""
        rows, columns = (seeds, 1) if isinstance(seeds, int) else seeds
        for name, value in (("tasks", tasks), ("datasets", datasets), ("seeds", rows), ("seeds", columns)):
            if value < 1:
                raise SpecError(f"{name} is {value}: give a whole number, 1 or more.")
        index = np.indices((tasks, datasets, rows, columns)).reshape(4, -1)
        order = index[2] if isinstance(seeds, int) else index[3]
        return cls(index[0], index[1], index[2], order)

    # Members

    @property
    def members(self) -> int:
        """How many trainings there are in all."""
        return len(self.task)

    def keep(self, mask: Bool[ndarray, " members"]) -> Nesting:
        """The nesting of the members in ``mask`` (of those, say, that did not diverge)."""
        mask = self.complete(mask)
        return Nesting(self.task[mask], self.dataset[mask], self._initialisation[mask], self._order[mask])

    def complete(self, mask: Bool[ndarray, " members"]) -> Bool[ndarray, " members"]:
        """``mask`` less what breaks a crossing: a gap takes its row or its column of the dataset along.

        Initialisations and orders can only be told apart on complete tables. A nesting without crossing is not touched.
        """
        mask = np.array(mask, dtype=bool)
        if mask.shape != (self.members,):
            raise SpecError(f"the mask has shape {mask.shape} and there are {self.members} members: give one for each.")
        if not self.crossed:
            return mask
        for dataset in self.dataset_members:
            left = dataset[mask[dataset]]
            while len(left) and not _is_table(self._initialisation[left], self._order[left]):
                left = _without_thinnest(left, self._initialisation[left], self._order[left])
            mask[dataset] = np.isin(dataset, left)
        return mask

    # Levels

    @functools.cached_property
    def dataset_of(self) -> Int[ndarray, " members"]:
        """Index of each member's dataset, counted through all tasks."""
        return np.unique(np.stack([self.task, self.dataset], 1), axis=0, return_inverse=True)[1].reshape(-1)

    @functools.cached_property
    def task_of(self) -> Int[ndarray, " members"]:
        """The index of each member's task, shape (members,)."""
        return np.unique(self.task, return_inverse=True)[1].reshape(-1)

    @functools.cached_property
    def dataset_members(self) -> list[Int[ndarray, " seeds"]]:
        """Members of each dataset; those of a crossed one row by row (initialisation), each in its order."""
        ranked = np.lexsort((self._order, self._initialisation))
        return [ranked[self.dataset_of[ranked] == index] for index in range(int(self.dataset_of.max()) + 1)]

    @functools.cached_property
    def task_of_dataset(self) -> Int[ndarray, " datasets"]:
        """The index of each dataset's task, shape (datasets,)."""
        return np.array([self.task_of[members[0]] for members in self.dataset_members])

    @functools.cached_property
    def tasks(self) -> int:
        """How many tasks there are in the design."""
        return int(self.task_of.max()) + 1

    @property
    def datasets(self) -> int:
        """How many datasets there are, of all tasks together."""
        return len(self.dataset_members)

    @functools.cached_property
    def datasets_per_task(self) -> Int[ndarray, " tasks"]:
        """How many datasets each task has, shape (tasks,)."""
        return np.bincount(self.task_of_dataset)

    @functools.cached_property
    def seeds_per_dataset(self) -> Int[ndarray, " datasets"]:
        """How many members each dataset has, shape (datasets,)."""
        return np.array([len(members) for members in self.dataset_members])

    @functools.cached_property
    def weights(self) -> Float[ndarray, " members"]:
        """The share of each member in the mixture of all, shape (members,); they add up to 1."""
        of_dataset = 1 / (self.tasks * self.datasets_per_task[self.task_of_dataset] * self.seeds_per_dataset)
        return of_dataset[self.dataset_of]

    # Seeds

    @functools.cached_property
    def crossed(self) -> bool:
        """Whether initialisations meet several orders and orders several initialisations, in some dataset."""
        return any(
            len(members) > max(len(np.unique(self._initialisation[members])), len(np.unique(self._order[members])))
            for members in self.dataset_members
        )

    @functools.cached_property
    def tables(self) -> list[tuple[int, int] | None]:
        """Of each dataset: initialisations × orders where they are crossed, None where seeds are independent."""
        return [self._table(index) for index in range(self.datasets)]

    def _table(self, dataset: int) -> tuple[int, int] | None:
        members = self.dataset_members[dataset]
        rows = len(np.unique(self._initialisation[members]))
        columns = len(np.unique(self._order[members]))
        if min(rows, columns) < 2 or len(members) == max(rows, columns):
            return None
        if rows * columns != len(members):
            raise SpecError(
                f"dataset {dataset} has {rows} initialisations, {columns} orders and {len(members)} members: "
                "cross them all, or give each member an initialisation and an order of its own."
            )
        return rows, columns

    @functools.cached_property
    def strangers(self) -> Bool[ndarray, "members members"]:
        """Pairs of one dataset with independent seeds: neither initialisation nor order in common."""
        pairs = np.zeros((self.members, self.members), dtype=bool)
        for index, members in enumerate(self.dataset_members):
            apart = ~np.eye(len(members), dtype=bool)
            if self.tables[index] is not None:
                for values in (self._initialisation[members], self._order[members]):
                    apart &= values[:, None] != values
            pairs[np.ix_(members, members)] = apart
        return pairs

    @property
    def _initialisation(self) -> Int[ndarray, " members"]:
        assert self.initialisation is not None
        return self.initialisation

    @property
    def _order(self) -> Int[ndarray, " members"]:
        assert self.order is not None
        return self.order

    # Clusters, for errors

    @functools.cached_property
    def outermost(self) -> str:
        """The level whose clusters are independent of one another: ``task``, ``dataset`` or ``seed``."""
        if self.tasks > 1:
            return "task"
        return "dataset" if self.datasets > 1 else "seed"

    @functools.cached_property
    def cluster_of(self) -> Int[ndarray, " members"]:
        """The index of each member's outermost cluster, shape (members,)."""
        if self.tasks > 1:
            return self.task_of
        return self.dataset_of if self.datasets > 1 else np.argsort(self.dataset_members[0])

    @functools.cached_property
    def clusters(self) -> int:
        """How many outermost clusters there are: what errors are taken over."""
        return int(self.cluster_of.max()) + 1


def _is_table(rows: ndarray, columns: ndarray) -> bool:
    return len(np.unique(rows)) * len(np.unique(columns)) == len(rows)


def _without_thinnest(members: ndarray, rows: ndarray, columns: ndarray) -> ndarray:
    """Less the row or column with the fewest members."""
    candidates = [(int((values == value).sum()), which, int(value))
                  for which, values in enumerate((rows, columns)) for value in np.unique(values)]  # fmt: skip
    _, which, value = min(candidates)
    return members[(rows, columns)[which] != value]
