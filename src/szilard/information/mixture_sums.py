"""Entropies of all mixtures of the nesting, added up over probe inputs chunk by chunk.

Several probe inputs taken jointly: informations of their labels together, by enumeration.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
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
        self._datasets = stacks(nesting.dataset_members)
        self._tasks = stacks([np.flatnonzero(nesting.task_of_dataset == task) for task in range(nesting.tasks)])
        self._tables = nesting.tables
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
        datasets = np.empty((len(self._dataset), p.shape[1]))
        for indices, members in self._datasets:
            children = p[members]
            datasets[indices] = children.mean(1)
            self._of_datasets(indices, children)
        tasks = np.empty((len(self._task), p.shape[1]))
        for indices, of_task in self._tasks:
            children = datasets[of_task]
            tasks[indices] = children.mean(1)
            if children.shape[1] > 1 and self._top == "task":
                self._task[indices] += node_entropies(children)
        if self._top != "seed":
            self._outermost += deletion_entropies(tasks if self._top == "task" else datasets)

    def _of_datasets(self, indices: ndarray, children: Float[ndarray, "datasets seeds outcomes"]) -> None:
        """Adds what the members of some datasets, as many in each, say of these."""
        crossed = [self._tables[index] for index in indices]
        if not any(crossed):
            self._dataset[indices] += node_entropies(children)
            if self._top == "seed":
                self._outermost += deletion_entropies(children[0])
            return
        for index, table, members in zip(indices, crossed, children, strict=True):
            if table is None:
                self._dataset[index] += node_entropies(members)
            else:
                routes, parts = table_entropies(members, table)
                self._dataset[index] += routes
                self._parts[index] += parts

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


def stacks(groups: list[ndarray]) -> list[tuple[Int[ndarray, " some"], Int[ndarray, "some size"]]]:
    """Groups of one size together: their places in the list, and what is in each."""
    sizes = np.array([len(group) for group in groups])
    found = []
    for size in np.unique(sizes):
        places = np.flatnonzero(sizes == size)
        found.append((places, np.stack([groups[place] for place in places])))
    return found


OUTCOMES = 1_000
"""Most joint outcomes of a block that are enumerated."""
BUDGET = 10_000
"""Blocks are taken from the stream until they have this many joint outcomes between them."""


class JointBlocks:
    """Blocks of m consecutive inputs: labels are independent given the member, so their joint law is a product.

    The mixture over members is no product, which is why ``I(Y_1…Y_m; ·)`` is neither the sum nor the mean of the
    inputs' own. The first inputs of the stream are used, at every step the same.
    """

    def __init__(self, nesting: Nesting, size: int, outcomes: int) -> None:
        self.size = size
        self.possible = outcomes**size <= OUTCOMES
        self._left = max(BUDGET // outcomes**size, 1) if self.possible else 0
        self._sums = MixtureSums(nesting)
        self._taken = 0

    def add(self, p: Float[ndarray, "members inputs outcomes"], entropy: Float[ndarray, "members inputs"]) -> None:
        """Take blocks from these inputs, if more are needed."""
        count = min(self._left, p.shape[1] // self.size)
        if not count:
            return
        used = p[:, : count * self.size].reshape(len(p), count, self.size, -1)
        joint = used[:, :, 0]
        for k in range(1, self.size):
            joint = (joint[..., None] * used[:, :, k, None]).reshape(len(p), count, -1)
        self._sums.add(joint.reshape(len(p), -1), entropy[:, : count * self.size].sum(1))
        self._left -= count
        self._taken += count

    def entropies(self) -> Entropies | None:
        """Mean joint entropy of each block, nats; None if there was no block."""
        return self._sums.entropies(self._taken) if self._taken else None
