"""Pairs of members: cross-entropies and overlaps, averaged over pairs that share seed, dataset, task or nothing.

Is there an effect of the dataset at all? A permutation test on the overlaps of members (Anderson 2001).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.information.contrast import independent
from szilard.information.jackknife import cluster_weights
from szilard.information.nesting import Nesting

PairMeans = Mapping[str, Float[ndarray, " deletions"]]
"""Means over pairs of one class, by what the two share: ``self`` (everything), ``row`` (dataset and initialisation),
``column`` (dataset and order), ``dataset`` (but neither), ``task`` (but not the dataset), ``nothing``."""


class PairSums:
    """``−Σ p_i ln p_j`` and ``Σ p_i p_j`` of every ordered pair of members, added up over inputs."""

    def __init__(self, members: int) -> None:
        self._cross_entropy = np.zeros((members, members))
        self._overlap = np.zeros((members, members))

    def add(self, p: Float[ndarray, "members outcomes"], log_p: Float[ndarray, "members outcomes"]) -> ndarray:
        """Add inputs (flattened with their outcomes); each member's entropy on them comes back."""
        cross = -(p @ log_p.T)
        self._cross_entropy += cross
        self._overlap += p @ p.T
        return np.diagonal(cross)

    def cross_entropy(self, inputs: int) -> Float[ndarray, "members members"]:
        """Mean cross-entropy of the first under the second, nats per input."""
        return self._cross_entropy / inputs

    def overlap(self, inputs: int) -> Float[ndarray, "members members"]:
        """The mean over inputs of ``Σ_y p_i p_j``, for each pair of members."""
        return self._overlap / inputs


def pair_means(matrix: Float[ndarray, "members members"], nesting: Nesting) -> PairMeans:
    """Means of ``matrix`` over each class of pairs, every cluster of a level weighing the same, with deletions.

    Pairs of one class are identically distributed, and two that share nothing at a level are independent given what
    lies above: that is what makes the differences of classes unbiased, however unequal the clusters are.
    """
    own = cluster_weights(nesting) @ np.diagonal(matrix)
    if nesting.outermost == "seed":
        return {"self": own, **_one_dataset(matrix, nesting)}
    levels = _levels(nesting)
    between = levels.of_member.T @ matrix @ levels.of_member
    within = {name: _weighted(_within(matrix, pairs, nesting), levels.share) for name, pairs in _kinds(nesting).items()}
    of_tasks = _off_diagonal(between, levels.of_task)
    return {
        "self": own,
        **within,
        "task": _weighted(of_tasks, levels.tasks),
        "nothing": _between_tasks(between, levels),
    }


@dataclass(frozen=True, slots=True)
class _Levels:
    """What weighs how much with none and with each outermost cluster deleted."""

    of_member: Float[ndarray, "members datasets"]
    share: Float[ndarray, "deletions datasets"]
    of_task: Float[ndarray, "deletions tasks datasets"]
    tasks: Float[ndarray, "deletions tasks"]


@functools.lru_cache(maxsize=8)
def _levels(nesting: Nesting) -> _Levels:
    dataset = np.eye(nesting.datasets)[nesting.dataset_of]
    share = cluster_weights(nesting) @ dataset
    of_task = np.eye(nesting.tasks)[:, nesting.task_of_dataset] * (share > 0)[:, None]
    datasets = of_task.sum(2)
    tasks = (datasets > 0) / np.maximum((datasets > 0).sum(1, keepdims=True), 1)
    of_task /= np.maximum(datasets, 1)[..., None]
    return _Levels(dataset / nesting.seeds_per_dataset, share, of_task, tasks)


def _one_dataset(matrix: ndarray, nesting: Nesting) -> dict[str, ndarray]:
    """Seeds of one dataset, each left out in turn: what it had in its row and in its column goes."""
    means = {"task": np.full(nesting.clusters + 1, np.nan), "nothing": np.full(nesting.clusters + 1, np.nan)}
    order = nesting.dataset_members[0]
    for name, pairs in _kinds(nesting).items():
        kept, count = matrix * pairs, pairs.astype(float)
        total = np.append(kept.sum(), kept.sum() - (kept.sum(0) + kept.sum(1))[order])
        number = np.append(count.sum(), count.sum() - (count.sum(0) + count.sum(1))[order])
        means[name] = np.divide(total, number, out=np.full_like(total, np.nan), where=number > 0)
    return means


def _off_diagonal(matrix: ndarray, weight: Float[ndarray, "*rows clusters"]) -> Float[ndarray, " *rows"]:
    """Mean over ordered pairs of different clusters; NaN where there is only one."""
    square = weight**2
    return _rest(((weight @ matrix) * weight).sum(-1) - square @ np.diagonal(matrix), square)


def _between_tasks(between: ndarray, levels: _Levels) -> Float[ndarray, " deletions"]:
    """The same over pairs of tasks."""
    square = levels.tasks**2
    whole = (levels.tasks[..., None] * levels.of_task).sum(1)
    alike = ((levels.of_task @ between) * levels.of_task).sum(-1)
    return _rest(((whole @ between) * whole).sum(-1) - (square * alike).sum(-1), square)


def _rest(unlike: ndarray, square: ndarray) -> ndarray:
    """What pairs of different clusters have, over what they weigh."""
    several = square.sum(-1)
    rest = 1 - several
    return np.divide(unlike, rest, out=np.full_like(rest, np.nan), where=(rest >= 1e-12) & (several > 0))


def _weighted(values: Float[ndarray, "#deletions clusters"], weight: Float[ndarray, "deletions clusters"]) -> ndarray:
    """Mean over what is known, for each deletion; NaN where nothing is."""
    weight = np.where(np.isfinite(values), weight, 0.0)
    total = weight.sum(1)
    mean = (weight * np.where(weight > 0, values, 0.0)).sum(1)
    return np.divide(mean, total, out=np.full_like(total, np.nan), where=total > 0)


@functools.lru_cache(maxsize=8)
def _kinds(nesting: Nesting) -> Mapping[str, ndarray]:
    """Which pairs of one dataset share nothing more, its initialisation, its order."""
    kinds = {"dataset": nesting.strangers}
    if nesting.crossed:
        same = nesting.dataset_of[:, None] == nesting.dataset_of
        tabled = np.array([table is not None for table in nesting.tables])[nesting.dataset_of]
        apart = same & ~np.eye(nesting.members, dtype=bool) & tabled[:, None]
        assert nesting.initialisation is not None
        assert nesting.order is not None
        kinds["row"] = apart & (nesting.initialisation[:, None] == nesting.initialisation)
        kinds["column"] = apart & (nesting.order[:, None] == nesting.order)
    return kinds


def _within(matrix: ndarray, pairs: ndarray, nesting: Nesting) -> Float[ndarray, " datasets"]:
    """Mean over these pairs of each dataset; NaN where it has none."""
    total = np.bincount(nesting.dataset_of, (matrix * pairs).sum(1), nesting.datasets)
    count = np.bincount(nesting.dataset_of, pairs.sum(1), nesting.datasets)
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)


PERMUTATIONS = 999


def permutation_p(
    overlap: Float[ndarray, "members members"], nesting: Nesting, *, seed: int, permutations: int = PERMUTATIONS
) -> float:
    """Share of shuffles of members across the datasets of a task that set datasets apart as much as they stand.

    The statistic is the sum of squares between datasets, ``Σ_d |Σ_{m∈d} p_m|²/R_d``, of which the pseudo-F of a
    permutational analysis of variance is an increasing function; it needs the overlaps alone, so that a shuffle costs
    members² at most. ``p = (1 + #{shuffled ≥ observed})/(1 + permutations)`` is uniform where the datasets are all
    alike. Of crossed seeds only members are used that share neither initialisation nor order: others are not
    exchangeable. NaN where there is nothing to shuffle.
    """
    generator = np.random.default_rng(seed)
    statistic, observed = np.zeros(permutations), 0.0
    shuffled = False
    for blocks in _exchangeable(nesting):
        shuffled = True
        members = np.concatenate(blocks)
        matrix = overlap[np.ix_(members, members)]
        ends = np.cumsum([len(block) for block in blocks])
        order = generator.permuted(np.tile(np.arange(len(members)), (permutations, 1)), axis=1)
        for end, block in zip(ends, blocks, strict=True):
            positions = np.arange(end - len(block), end)
            observed += matrix[np.ix_(positions, positions)].sum() / len(block)
            chosen = order[:, positions]
            statistic += matrix[chosen[:, :, None], chosen[:, None, :]].sum((1, 2)) / len(block)
    if not shuffled:
        return float("nan")
    tie = 1e-12 * abs(observed)
    return float((1 + np.count_nonzero(statistic >= observed - tie)) / (1 + permutations))


@functools.lru_cache(maxsize=8)
def _exchangeable(nesting: Nesting) -> list[list[ndarray]]:
    """Members of each dataset that may change places with those of others, task by task where there is anything to."""
    found = []
    for task in range(nesting.tasks):
        blocks = [
            independent(nesting, int(index)) if nesting.crossed else nesting.dataset_members[index]
            for index in np.flatnonzero(nesting.task_of_dataset == task)
        ]
        if len(blocks) >= 2 and max(len(block) for block in blocks) >= 2:
            found.append(blocks)
    return found
