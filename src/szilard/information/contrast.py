"""The matched-size contrast: mixtures of m members of different datasets against m members of one dataset."""

from __future__ import annotations

import functools

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from szilard.information.mixtures import log_of
from szilard.information.nesting import Nesting

ROUNDS = 2
"""Sets of different datasets are about this many times as many as members."""
_LARGEST = 4


class Contrast:
    """``m/(m−1)·[H(m members of m different datasets) − H(m members of one dataset)]``, m independent seeds in each.

    Both mixtures have the same size and so the same bias from the spread of seeds: where the dataset has no effect the
    difference is exactly 0 in expectation. Where it has one, the contrast tends to ``info_dataset`` as m grows and is
    smaller before. Sets of different datasets are windows of random rings of the task's datasets, so that each dataset
    is in as many of them.

    Args:
        nesting: of the members.
        seed: of the choice of sets; choose it once for a run.
    """

    def __init__(self, nesting: Nesting, seed: int) -> None:
        self._clusters = nesting.clusters
        self.size = _size(nesting)
        self.unavailable = "" if self.size else _why_not(nesting)
        if self.size:
            self._sets, self._weights = _sets(nesting, seed)
            self._sums = np.zeros(len(self._sets))

    @property
    def rows(self) -> int:
        """How many mixtures it forms at once, which is what its memory grows with."""
        return len(self._sums) if self.size else 0

    def add(self, p: Float[ndarray, "members outcomes"]) -> None:
        """Adds probe inputs, flattened with their outcomes, to the sums."""
        if not self.size:
            return
        mixture = p[self._sets[:, 0]]
        for column in self._sets.T[1:]:
            mixture += p[column]
        mixture /= self.size
        self._sums -= np.einsum("so,so->s", mixture, log_of(mixture))

    def values(self, inputs: int) -> Float[ndarray, " deletions"]:
        """The contrast in nats per input, then with each outermost cluster deleted."""
        if not self.size:
            return np.full(self._clusters + 1, np.nan)
        return self._weights @ (self._sums / inputs)


@functools.lru_cache(maxsize=8)
def _sets(nesting: Nesting, seed: int) -> tuple[Int[ndarray, "sets size"], Float[ndarray, "deletions sets"]]:
    """Members of each mixture, and what each mixture's entropy weighs in the contrast, with each cluster deleted."""
    size = _size(nesting)
    across = _across(nesting, size, np.random.default_rng(seed))
    within, of_dataset = _within(nesting, size)
    tasks = (nesting.task_of[across[:, 0]], nesting.task_of_dataset[of_dataset])
    left = [np.ones(nesting.members, dtype=bool)]
    left += [nesting.cluster_of != cluster for cluster in range(nesting.clusters)]
    rows = [
        np.append(_shares(kept[across].all(1), tasks[0]), -_shares(kept[within].all(1), of_dataset, tasks[1]))
        for kept in left
    ]
    return np.concatenate([across, within]), size / (size - 1) * np.array(rows)


def _shares(kept: Bool[ndarray, " sets"], *levels: Int[ndarray, " sets"]) -> Float[ndarray, " sets"]:
    """What each set weighs in a mean of means: over sets within the first level, over its clusters in the next, …"""
    shares = kept.astype(float)
    if not kept.any():
        return np.full(len(kept), np.nan)
    for level in levels:
        total = np.bincount(level, shares)[level]
        shares = np.divide(shares, total, out=np.zeros_like(shares), where=total > 0)
    return shares / shares.sum()


def independent(nesting: Nesting, dataset: int, start: int = 0) -> Int[ndarray, " some"]:
    """Members of a dataset no two of which share initialisation or order, as many as a walk from ``start`` finds."""
    members = np.roll(nesting.dataset_members[dataset], -start)
    chosen: list[int] = []
    for member in members:
        if all(nesting.strangers[member, other] for other in chosen):
            chosen.append(int(member))
    return np.array(chosen)


@functools.lru_cache(maxsize=8)
def _size(nesting: Nesting) -> int:
    """m: as large as seeds allow, one less than the datasets where those are deleted for errors; 0 if impossible."""
    seeds = [len(independent(nesting, index)) for index in range(nesting.datasets)]
    seeds = [count for count in seeds if count >= 2]
    most = int(nesting.datasets_per_task.max())
    if not seeds or most < 2:
        return 0
    if nesting.outermost == "dataset" and most >= 3:
        most -= 1
    return min(*seeds, most, _LARGEST)


def _why_not(nesting: Nesting) -> str:
    if int(nesting.datasets_per_task.max()) < 2:
        return "there is one dataset for each task: train on several to tell what is particular to one."
    return "there is one seed for each dataset: train several to tell datasets from luck."


def _across(nesting: Nesting, size: int, generator: np.random.Generator) -> Int[ndarray, "sets size"]:
    sets: list[list[int]] = []
    for task in range(nesting.tasks):
        datasets = np.flatnonzero(nesting.task_of_dataset == task)
        if len(datasets) < size:
            continue
        for turn in range(ROUNDS * int(nesting.seeds_per_dataset[datasets].max())):
            ring = generator.permutation(datasets)
            picks = [nesting.dataset_members[index][turn % nesting.seeds_per_dataset[index]] for index in ring]
            sets += [[int(picks[(start + k) % len(ring)]) for k in range(size)] for start in range(len(ring))]
    return np.array(sets)


def _within(nesting: Nesting, size: int) -> tuple[Int[ndarray, "sets size"], Int[ndarray, " sets"]]:
    sets: dict[tuple[int, ...], int] = {}
    for dataset, members in enumerate(nesting.dataset_members):
        for start in range(len(members)):
            chosen = independent(nesting, dataset, start)[:size]
            if len(chosen) == size:
                sets[tuple(sorted(chosen.tolist()))] = dataset
    return np.array(list(sets)), np.array(list(sets.values()))
