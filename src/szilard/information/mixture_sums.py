"""Entropies of all mixtures of the nesting, added up over probe inputs chunk by chunk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.information.mixtures import deletion_entropies, node_entropies, table_entropies
from szilard.information.nesting import Nesting

SELF, LOO, JACK = range(3)
"""The three routes to the entropy of a mixture, see :func:`szilard.information.mixtures.node_entropies`."""
ROW_SELF, ROW_LOO, ROW_JACK, COLUMN_SELF = range(4)


@dataclass(frozen=True, slots=True)
class Entropies:
    """Mean entropies per probe input, in nats; deletions are: none, then each group of outermost clusters.

    Attributes:
        member: ``H(p)`` of each member.
        dataset: of each dataset's mixture, by three routes.
        task: of each task's mixture.
        whole: of the mixture of all.
        parts: of crossed datasets: rows by three routes, columns by the first; NaN elsewhere.
    """

    member: Float[ndarray, " members"]
    dataset: Float[ndarray, "deletions datasets routes"]
    task: Float[ndarray, "deletions tasks routes"]
    whole: Float[ndarray, "deletions routes"]
    parts: Float[ndarray, "datasets parts"]


class MixtureSums:
    """Takes in probabilities of all members on some inputs at a time; memory does not grow with the inputs."""

    def __init__(self, nesting: Nesting) -> None:
        self._nesting = nesting
        deletions = nesting.groups + 1
        self._datasets = [slice_of(members) for members in nesting.dataset_members]
        self._tasks = [slice_of(np.flatnonzero(nesting.task_of_dataset == task)) for task in range(nesting.tasks)]
        self._tables = [nesting.table(index) for index in range(nesting.datasets)]
        self._top = nesting.outermost
        self._member = np.zeros(nesting.members)
        self._dataset = np.zeros((deletions if self._top == "seed" else 1, nesting.datasets, 3))
        self._task = np.zeros((deletions if self._top == "dataset" else 1, nesting.tasks, 3))
        self._whole = np.zeros((deletions, 3))
        self._parts = np.full((nesting.datasets, 4), np.nan)
        for index, table in enumerate(self._tables):
            if table is not None:
                self._parts[index] = 0.0

    def add(self, p: Float[ndarray, "members outcomes"], member_entropy: Float[ndarray, " members"]) -> None:
        """Add inputs (flattened with their outcomes), and each member's own entropy on them."""
        self._member += member_entropy
        datasets = np.empty((len(self._datasets), p.shape[1]))
        for index, members in enumerate(self._datasets):
            children = p[members]
            children.mean(0, out=datasets[index])
            self._dataset[:, index] += self._of_dataset(index, children)
        tasks = np.empty((len(self._tasks), p.shape[1]))
        for index, of_task in enumerate(self._tasks):
            children = datasets[of_task]
            children.mean(0, out=tasks[index])
            if self._top == "dataset":
                self._task[:, index] += deletion_entropies(children, self._nesting.group_of_cluster)
            elif len(children) > 1:
                self._task[0, index] += node_entropies(children)
        if self._top == "task":
            self._whole += deletion_entropies(tasks, self._nesting.group_of_cluster)

    def _of_dataset(self, index: int, children: ndarray) -> ndarray:
        table = self._tables[index]
        if table is not None:
            routes, parts = table_entropies(children, table)
            self._parts[index] += parts
            if self._top == "seed":  # crossed seeds are not independent: nothing to delete
                return np.concatenate([routes[None], np.full((self._nesting.groups, 3), np.nan)])
            return routes
        if self._top == "seed":
            return deletion_entropies(children, self._nesting.group_of_cluster)
        return node_entropies(children)

    def entropies(self, inputs: int) -> Entropies:
        """Means over the inputs taken in."""
        deletions = self._nesting.groups + 1
        dataset = np.broadcast_to(self._dataset, (deletions, *self._dataset.shape[1:])) / inputs
        if self._top == "seed":
            task = dataset
        else:
            task = np.broadcast_to(self._task, (deletions, *self._task.shape[1:])) / inputs
            task = _only_child(task, dataset, self._nesting)
        whole = self._whole / inputs if self._top == "task" else task[:, 0]
        return Entropies(self._member / inputs, dataset, task, whole, self._parts / inputs)


def _only_child(task: ndarray, dataset: ndarray, nesting: Nesting) -> ndarray:
    """A task with one dataset has that dataset's entropy, by the first route only."""
    single = np.flatnonzero(nesting.datasets_per_task == 1)
    for index in single:
        task[:, index, SELF] = dataset[:, np.flatnonzero(nesting.task_of_dataset == index)[0], SELF]
        task[:, index, LOO] = task[:, index, JACK] = np.nan
    return task


def slice_of(indices: ndarray) -> slice | ndarray:
    """Consecutive indices as a slice, which copies nothing."""
    first, last = int(indices[0]), int(indices[-1])
    return slice(first, last + 1) if np.array_equal(indices, np.arange(first, last + 1)) else indices
