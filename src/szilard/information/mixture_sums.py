"""Entropies of all mixtures of the nesting, added up over probe inputs chunk by chunk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.information.mixtures import deletion_entropies, node_entropies, resolved, table_entropies
from szilard.information.nesting import Nesting

ELEMENTS = 2**16
"""Numbers of one array at a time: several of them stay in a core's cache."""

SELF, LOO, JACK = range(3)
"""The three routes to the entropy of a mixture, see :func:`szilard.information.mixtures.node_entropies`."""
ROW_SELF, ROW_LOO, ROW_JACK, COLUMN_SELF = range(4)


@dataclass(frozen=True, slots=True)
class Entropies:
    """Mean entropies per probe input, in nats; deletions are: none, then each outermost cluster.

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
        deletions = nesting.clusters + 1
        self._datasets = [slice_of(members) for members in nesting.dataset_members]
        self._tasks = [slice_of(np.flatnonzero(nesting.task_of_dataset == task)) for task in range(nesting.tasks)]
        self._tables = [nesting.table(index) for index in range(nesting.datasets)]
        self._top = nesting.outermost
        self._member = np.zeros(nesting.members)
        self._dataset = np.zeros((nesting.datasets, 3))
        self._task = np.zeros((nesting.tasks, 3))
        self._outermost = np.zeros((deletions, 4))
        self._parts = np.full((nesting.datasets, 4), np.nan)
        for index, table in enumerate(self._tables):
            if table is not None:
                self._parts[index] = 0.0

    def add(self, p: Float[ndarray, "members outcomes"], member_entropy: Float[ndarray, " members"]) -> None:
        """Add inputs (flattened with their outcomes), and each member's own entropy on them."""
        self._member += member_entropy
        step = max(ELEMENTS // len(p), 1)
        for first in range(0, p.shape[1], step):  # sums over outcomes, so that outcomes may be taken piece by piece
            self._add(p[:, first : first + step])

    def _add(self, p: Float[ndarray, "members outcomes"]) -> None:
        datasets = np.empty((len(self._datasets), p.shape[1]))
        for index, members in enumerate(self._datasets):
            children = p[members]
            children.mean(0, out=datasets[index])
            self._dataset[index] += self._of_dataset(index, children)
        tasks = np.empty((len(self._tasks), p.shape[1]))
        for index, of_task in enumerate(self._tasks):
            children = datasets[of_task]
            children.mean(0, out=tasks[index])
            if len(children) > 1 and self._top == "task":
                self._task[index] += node_entropies(children)
        if self._top != "seed":
            self._outermost += deletion_entropies(tasks if self._top == "task" else datasets)

    def _of_dataset(self, index: int, children: ndarray) -> ndarray:
        table = self._tables[index]
        if table is not None:
            routes, parts = table_entropies(children, table)
            self._parts[index] += parts
            return routes
        if self._top == "seed":
            self._outermost += deletion_entropies(children)
        return node_entropies(children)

    def entropies(self, inputs: int) -> Entropies:
        """Mean entropies of the mixtures over the inputs taken in, nats per input."""
        nesting = self._nesting
        deletions = nesting.clusters + 1
        outermost = resolved(self._outermost) / inputs
        dataset = np.tile(self._dataset / inputs, (deletions, 1, 1))
        if self._top == "seed":
            if nesting.crossed:  # crossed seeds are not independent: nothing to delete
                dataset[1:] = np.nan
            else:
                dataset[:, 0] = outermost
            return Entropies(self._member / inputs, dataset, dataset, dataset[:, 0], self._parts / inputs)
        task = np.tile(self._task / inputs, (deletions, 1, 1))
        if self._top == "dataset":
            task[:, 0] = outermost
        task = _only_child(task, dataset, nesting)
        return Entropies(self._member / inputs, dataset, task, outermost, self._parts / inputs)


def _only_child(task: ndarray, dataset: ndarray, nesting: Nesting) -> ndarray:
    """A task with one dataset has that dataset's entropy, by the first route only."""
    single = np.flatnonzero(nesting.datasets_per_task == 1)
    for index in single if nesting.tasks > 1 else ():
        task[:, index, SELF] = dataset[:, np.flatnonzero(nesting.task_of_dataset == index)[0], SELF]
        task[:, index, LOO] = task[:, index, JACK] = np.nan
    return task


def slice_of(indices: ndarray) -> slice | ndarray:
    """Consecutive indices as a slice, which copies nothing."""
    first, last = int(indices[0]), int(indices[-1])
    return slice(first, last + 1) if np.array_equal(indices, np.arange(first, last + 1)) else indices
