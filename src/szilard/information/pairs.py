"""Pairs of members: cross-entropies and overlaps, averaged over pairs that share seed, dataset, task or nothing.

Is there an effect of the dataset at all? A permutation test on the overlaps of members (Anderson 2001).
"""

from __future__ import annotations

from collections.abc import Mapping

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
    weights = cluster_weights(nesting)
    own = weights @ np.diagonal(matrix)
    if nesting.outermost == "seed":
        return {"self": own, **_one_dataset(matrix, nesting)}
    of_member = np.eye(nesting.datasets)[nesting.dataset_of] / nesting.seeds_per_dataset
    between = of_member.T @ matrix @ of_member
    within = {name: _within(matrix, pairs, nesting) for name, pairs in _kinds(nesting).items()}
    left = weights @ np.eye(nesting.datasets)[nesting.dataset_of]
    rows = [_classes(between, within, nesting, row) for row in left]
    return {"self": own, **{name: np.array([row[name] for row in rows]) for name in rows[0]}}


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


def _classes(between: ndarray, within: dict[str, ndarray], nesting: Nesting, share: ndarray) -> dict[str, float]:
    """Means over pairs of datasets, of tasks, and within datasets that have these shares of the whole."""
    of_task = np.zeros((nesting.tasks, nesting.datasets))
    of_task[nesting.task_of_dataset, np.arange(nesting.datasets)] = share > 0
    datasets = of_task.sum(1)
    of_task /= np.maximum(datasets, 1)[:, None]
    tasks = (datasets > 0) / max(int((datasets > 0).sum()), 1)
    of_tasks = np.array([_off_diagonal(between, row) for row in of_task])
    return {
        **{name: _weighted(values, share) for name, values in within.items()},
        "task": _weighted(of_tasks, tasks),
        "nothing": _off_diagonal(of_task @ between @ of_task.T, tasks),
    }


def _off_diagonal(matrix: ndarray, weight: ndarray) -> float:
    """Mean over ordered pairs of different clusters; NaN where there is only one."""
    rest = 1 - float(weight @ weight)
    if rest < 1e-12 or not weight.any():
        return float("nan")
    return float(weight @ matrix @ weight - (weight**2) @ np.diagonal(matrix)) / rest


def _weighted(values: ndarray, weight: ndarray) -> float:
    known = np.isfinite(values) & (weight > 0)
    return float(values[known] @ weight[known] / weight[known].sum()) if known.any() else float("nan")


def _kinds(nesting: Nesting) -> dict[str, ndarray]:
    """Which pairs of one dataset share nothing more, its initialisation, its order."""
    kinds = {"dataset": nesting.strangers}
    if nesting.crossed:
        same = nesting.dataset_of[:, None] == nesting.dataset_of
        tabled = np.array([nesting.table(index) is not None for index in range(nesting.datasets)])[nesting.dataset_of]
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
    for task in range(nesting.tasks):
        blocks = [
            independent(nesting, int(index)) if nesting.crossed else nesting.dataset_members[index]
            for index in np.flatnonzero(nesting.task_of_dataset == task)
        ]
        if len(blocks) < 2 or max(len(block) for block in blocks) < 2:
            continue
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
