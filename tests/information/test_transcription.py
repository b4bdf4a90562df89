"""Informations against a naive transcription of the theory: loops over members, inputs and labels."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest
from numpy import ndarray

from szilard.information import Measurement, Nesting, measure

Law = list[float]
"""Probabilities of every label, for one input."""

DESIGNS = {
    "6 x 3": Nesting.regular(datasets=6, seeds=3),
    "3 x 2": Nesting.regular(datasets=3, seeds=2),
    "2 x 3 x 4": Nesting.regular(tasks=2, datasets=3, seeds=4),
    "unequal": Nesting(np.array([0] * 7 + [1] * 5), np.array([0, 0, 0, 1, 1, 1, 2, 0, 0, 0, 1, 1])),
}


def _log_p(members: int, *, inputs: int = 3, outcomes: int = 4, spread: float = 1.0, seed: int = 0) -> ndarray:
    logits = spread * np.random.default_rng(seed).normal(size=(members, inputs, outcomes))
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


@pytest.fixture(params=DESIGNS, name="nesting")
def _nesting(request: pytest.FixtureRequest) -> Nesting:
    return DESIGNS[request.param]


@pytest.fixture(name="log_p")
def _probabilities(nesting: Nesting) -> ndarray:
    return _log_p(nesting.members)


@pytest.fixture(name="look")
def _look(nesting: Nesting, log_p: ndarray) -> Measurement:
    return measure(nesting, log_p)


# Naive


def entropy(law: Law) -> float:
    return -math.fsum(p * math.log(p) for p in law)


def cross(law: Law, under: Law) -> float:
    return -math.fsum(p * math.log(q) for p, q in zip(law, under, strict=True))


def mean(laws: Sequence[Law]) -> Law:
    return [math.fsum(values) / len(laws) for values in zip(*laws, strict=True)]


class Tree:
    """task → dataset → laws of the members, for one input."""

    def __init__(self, nesting: Nesting, laws: Sequence[Law]) -> None:
        self.tasks: dict[int, dict[int, list[Law]]] = {}
        for task, dataset, law in zip(nesting.task.tolist(), nesting.dataset.tolist(), laws, strict=True):
            self.tasks.setdefault(task, {}).setdefault(dataset, []).append(law)

    def dataset(self, task: int, dataset: int) -> Law:
        return mean(self.tasks[task][dataset])

    def task(self, task: int, *, without: int | None = None) -> Law:
        return mean([self.dataset(task, d) for d in self.tasks[task] if d != without])

    def whole(self, *, without: int | None = None) -> Law:
        return mean([self.task(t) for t in self.tasks if t != without])

    def over_datasets(self, function) -> float:  # type: ignore[no-untyped-def]
        """Mean over tasks of means over datasets of what is a number there."""
        rows = []
        for task, datasets in self.tasks.items():
            rows.append([function(task, d) for d in datasets])
        if all(value is not None for row in rows for value in row):
            return math.fsum(math.fsum(row) / len(row) for row in rows) / len(rows)
        total = [(v, 1 / len(row)) for row in rows for v in row if v is not None]
        return math.fsum(v * w for v, w in total) / math.fsum(w for _, w in total)

    def over_tasks(self, function) -> float:  # type: ignore[no-untyped-def]
        return math.fsum(function(task) for task in self.tasks) / len(self.tasks)


def naive(tree: Tree) -> dict[str, float]:
    """Entropies of one input by name."""

    def members(task: int, dataset: int) -> list[Law]:
        return tree.tasks[task][dataset]

    def dataset_loo(task: int, dataset: int) -> float | None:
        laws = members(task, dataset)
        if len(laws) < 2:
            return None
        return math.fsum(cross(p, mean(laws[:k] + laws[k + 1 :])) for k, p in enumerate(laws)) / len(laws)

    def task_loo(task: int) -> float:
        datasets = tree.tasks[task]
        return math.fsum(cross(tree.dataset(task, d), tree.task(task, without=d)) for d in datasets) / len(datasets)

    values = {
        "own": tree.over_datasets(lambda t, d: math.fsum(map(entropy, members(t, d))) / len(members(t, d))),
        "dataset": tree.over_datasets(lambda t, d: entropy(tree.dataset(t, d))),
        "dataset_loo": tree.over_datasets(dataset_loo),
        "task": tree.over_tasks(lambda t: entropy(tree.task(t))),
        "task_loo": tree.over_tasks(task_loo),
    }
    if len(tree.tasks) > 1:
        values["whole"] = entropy(tree.whole())
        values["whole_loo"] = tree.over_tasks(lambda t: cross(tree.task(t), tree.whole(without=t)))
    return values


@pytest.fixture(name="entropies")
def _entropies(nesting: Nesting, log_p: ndarray) -> dict[str, float]:
    rows = [naive(Tree(nesting, np.exp(log_p[:, u]).tolist())) for u in range(log_p.shape[1])]
    return {name: math.fsum(row[name] for row in rows) / len(rows) for name in rows[0]}


# Tests


def test_plugins_and_brackets(look: Measurement, entropies: dict[str, float]) -> None:
    """The chain rule on nested mixtures, with whole clusters left out."""
    e = entropies
    expected = {
        "info_dataset_plugin": e["task"] - e["dataset"],
        "info_seed_plugin": e["dataset"] - e["own"],
        "info_dataset_lower": e["task"] - e["dataset_loo"],
        "info_dataset_upper": e["task_loo"] - e["dataset"],
        "info_seed_lower": e["dataset"] - e["own"],
        "info_seed_upper": e["dataset_loo"] - e["own"],
        "entropy_task": e["task"],
        "entropy_dataset": e["dataset"],
        "entropy_conditional_mean": e["own"],
    }
    top = "whole" if "whole" in e else "task"
    expected["l_info_plugin"] = expected["l_info_lower"] = e[top] - e["own"]
    expected["l_info_upper"] = e[f"{top}_loo"] - e["own"]
    expected["entropy_marginal_plugin"] = e[top]
    if top == "whole":
        expected["info_task_plugin"] = e["whole"] - e["task"]
        expected["info_task_lower"] = e["whole"] - e["task_loo"]
        expected["info_task_upper"] = e["whole_loo"] - e["task"]
    for name, value in expected.items():
        assert look[name].value == pytest.approx(value, abs=1e-13), name


def test_the_parts_add_up(look: Measurement) -> None:
    parts = [name for name in ("info_task", "info_dataset", "info_seed") if name in look.values]
    for route in ("", "_plugin", "_jackknife", "_first_order"):
        total = sum(look[f"{name}{route}"].value for name in parts)
        assert look[f"l_info{route}"].value == pytest.approx(total, abs=1e-13)
    assert look["info_data"].value == pytest.approx(look["l_info"].value - look["info_seed"].value, abs=1e-13)
    assert look["entropy_marginal"].value == pytest.approx(
        look["l_info"].value + look["entropy_conditional_mean"].value, abs=1e-13
    )


@pytest.mark.parametrize("design", ["6 x 3", "3 x 2", "2 x 3 x 4"])
def test_first_order(design: str) -> None:
    """``Î_S = R/(R−1) P_S``, ``Î_D = K/(K−1) P_D − P_S/(R−1)``, ``Î_T = T/(T−1) P_T − P_D/(K−1)``."""
    nesting = DESIGNS[design]
    look = measure(nesting, _log_p(nesting.members))
    T, K, R = nesting.tasks, nesting.datasets // nesting.tasks, int(nesting.seeds_per_dataset[0])
    P = {name: look.values[f"{name}_plugin"].value for name in ("info_dataset", "info_seed")}
    assert look["info_seed_first_order"].value == pytest.approx(R / (R - 1) * P["info_seed"])
    expected = K / (K - 1) * P["info_dataset"] - P["info_seed"] / (R - 1)
    assert look["info_dataset_first_order"].value == pytest.approx(expected)
    if T > 1:
        expected = T / (T - 1) * look["info_task_plugin"].value - P["info_dataset"] / (K - 1)
        assert look["info_task_first_order"].value == pytest.approx(expected)


def test_jackknife_of_each_entropy() -> None:
    """``K H_K − (K−1)⟨H_{−k}⟩``: whole datasets for the task's mixture, seeds for the datasets'."""
    K, R = 4, 3
    log_p = _log_p(K * R, inputs=2)
    look = measure(Nesting.regular(datasets=K, seeds=R), log_p)
    seeds = datasets = own = 0.0
    for u in range(2):
        p = np.exp(log_p[:, u]).reshape(K, R, -1).tolist()
        means = [mean(laws) for laws in p]
        whole = entropy(mean(means))
        without = [entropy(mean(means[:k] + means[k + 1 :])) for k in range(K)]
        datasets += K * whole - (K - 1) * sum(without) / K
        for laws in p:
            without = [entropy(mean(laws[:r] + laws[r + 1 :])) for r in range(R)]
            seeds += (R * entropy(mean(laws)) - (R - 1) * sum(without) / R) / K
            own += sum(map(entropy, laws)) / R / K
    assert look["info_dataset_jackknife"].value == pytest.approx((datasets - seeds) / 2)
    assert look["info_seed_jackknife"].value == pytest.approx((seeds - own) / 2)


def test_extrapolation_is_exact_on_its_own_law() -> None:
    """Entropies that follow ``H + b/n + c/n²`` give H: for R = 3, ``(9 H₃ − 8 H₂ + H₁)/2``."""
    K, R = 3, 3
    log_p = _log_p(K * R, inputs=1)
    look = measure(Nesting.regular(datasets=K, seeds=R), log_p)
    total = own = 0.0
    for laws in np.exp(log_p[:, 0]).reshape(K, R, -1).tolist():
        three, one = entropy(mean(laws)), sum(map(entropy, laws)) / R
        two = sum(entropy(mean(list(pair))) for pair in itertools.combinations(laws, 2)) / 3
        total += (9 * three - 8 * two + one) / 2 / K
        own += one / K
    assert look["info_seed"].value == pytest.approx(total - own)


def test_pairs(nesting: Nesting, log_p: ndarray, look: Measurement) -> None:
    """Cross-entropy between datasets; quadratic information from pairs that share a level or do not."""
    p = np.exp(log_p)
    where = list(zip(nesting.task.tolist(), nesting.dataset.tolist(), strict=True))

    def mean_over(pairs: list[tuple[int, int]], function) -> float:  # type: ignore[no-untyped-def]
        by_datasets: dict[tuple, list[float]] = {}
        for i, j in pairs:
            by_datasets.setdefault((where[i], where[j]), []).append(function(i, j))
        by_tasks: dict[tuple, list[float]] = {}
        for (first, second), values in by_datasets.items():
            by_tasks.setdefault((first[0], second[0]), []).append(sum(values) / len(values))
        return sum(sum(values) / len(values) for values in by_tasks.values()) / len(by_tasks)

    everyone = list(itertools.product(range(nesting.members), repeat=2))
    between = [(i, j) for i, j in everyone if where[i][0] == where[j][0] and where[i] != where[j]]
    expected = mean_over(between, lambda i, j: -(p[i] * log_p[j]).sum(-1).mean())
    assert look["cross_entropy_between"].value == pytest.approx(expected)
    overlap = lambda i, j: (p[i] * p[j]).sum(-1).mean()  # noqa: E731
    across = mean_over(between, overlap)
    outer = [(i, j) for i, j in everyone if where[i][0] != where[j][0]]
    if outer:
        assert look["info_task_quadratic"].value == pytest.approx(across - mean_over(outer, overlap))
    if nesting is not DESIGNS["unequal"]:
        within = mean_over([(i, j) for i, j in everyone if where[i] == where[j] and i != j], overlap)
        assert look["info_dataset_quadratic"].value == pytest.approx(within - across)
        alone = mean_over([(i, i) for i in range(nesting.members)], overlap)
        assert look["info_seed_quadratic"].value == pytest.approx(alone - within)


@pytest.mark.parametrize("design", ["6 x 3", "3 x 2"])
def test_quadratic_is_the_analysis_of_variance(design: str) -> None:
    """Mean squares of a nested analysis of variance: ``σ_S² = MS_S``, ``σ_D² = (MS_D − MS_S)/R``."""
    nesting = DESIGNS[design]
    log_p = _log_p(nesting.members)
    K, R = nesting.datasets, int(nesting.seeds_per_dataset[0])
    p = np.exp(log_p).reshape(K, R, *log_p.shape[1:])
    means = p.mean(1)
    seeds = ((p - means[:, None]) ** 2).sum() / (K * (R - 1)) / log_p.shape[1]
    datasets = R * ((means - means.mean(0)) ** 2).sum() / (K - 1) / log_p.shape[1]
    look = measure(nesting, log_p)
    assert look["info_seed_quadratic"].value == pytest.approx(seeds)
    assert look["info_dataset_quadratic"].value == pytest.approx((datasets - seeds) / R)


def test_members(nesting: Nesting, log_p: ndarray, look: Measurement) -> None:
    """Eqs. 10 and 25 averaged over labels only: KL to, and cross-entropy under, the mixture of all."""
    trees = [Tree(nesting, np.exp(log_p[:, u]).tolist()) for u in range(log_p.shape[1])]
    for k in range(nesting.members):
        under = [cross(np.exp(log_p[k, u]).tolist(), trees[u].whole()) for u in range(len(trees))]
        own = [entropy(np.exp(log_p[k, u]).tolist()) for u in range(len(trees))]
        assert look.members["entropy_marginal_member"][k] == pytest.approx(sum(under) / len(under))
        assert look.members["l_info_member"][k] == pytest.approx((sum(under) - sum(own)) / len(under))
    excess = look.members["l_info_member"]
    assert nesting.weights @ excess == pytest.approx(look["l_info_plugin"].value)
    spread = math.sqrt(nesting.weights @ (excess - nesting.weights @ excess) ** 2)
    assert look["l_info_spread"].value == pytest.approx(spread)


def test_errors_delete_one_outermost_cluster(nesting: Nesting, log_p: ndarray, look: Measurement) -> None:
    """Each replicate is the measurement of what is left, and their spread is the error."""
    names = ["info_seed", "info_seed_upper", "cross_entropy_between", "info_dataset", "info_seed_quadratic"]
    if nesting.clusters > 2:  # with two tasks, one is left, and these are given that one
        names += ["l_info_upper", "entropy_marginal_plugin", "info_dataset_quadratic", "l_info_spread"]
    for name in names:
        replicates = []
        for cluster in range(nesting.clusters):
            mask = nesting.cluster_of != cluster
            left = measure(nesting.keep(mask), log_p[mask])
            replicates.append(left.values[name].value if name in left.values else math.nan)
        np.testing.assert_allclose(look.replicates[name], replicates, atol=1e-12)
        n = len(replicates)
        expected = math.sqrt((n - 1) / n * np.square(replicates - np.mean(replicates)).sum())
        assert look[name].error == pytest.approx(expected)
        assert look[name].degrees_of_freedom == n - 1


def test_blocks_are_joint_labels(nesting: Nesting, log_p: ndarray) -> None:
    """Two inputs jointly: labels are independent given the member, not given the mixture."""
    p = np.exp(log_p[:, :2])
    joint = np.log(np.einsum("ma,mb->mab", p[:, 0], p[:, 1]).reshape(nesting.members, 1, -1))
    one, block = measure(nesting, joint, blocks=(1,)), measure(nesting, log_p[:, :2], blocks=(1, 2))
    for name in ("info_dataset", "info_seed", "l_info", "info_data"):
        assert block[f"{name}_block"].value[1] == pytest.approx(one[name].value)
        assert block[f"{name}_block"].error[1] == pytest.approx(one[name].error, nan_ok=True)
        assert block[f"{name}_block"].value[0] == pytest.approx(block[name].value)
        assert block[f"{name}_block_upper"].value[1] == pytest.approx(one[f"{name}_upper"].value)


def test_one_dataset_deletes_seeds() -> None:
    """With seeds as outermost clusters each replicate is the measurement of the others."""
    nesting, log_p = Nesting.regular(seeds=5), _log_p(5)
    look = measure(nesting, log_p)
    for name in ("info_seed", "l_info", "l_info_upper", "l_info_pairwise", "info_seed_quadratic", "entropy_marginal"):
        left = [measure(Nesting.regular(seeds=4), np.delete(log_p, k, 0))[name].value for k in range(5)]
        np.testing.assert_allclose(look.replicates[name], left, atol=1e-12)


@pytest.mark.parametrize(
    ("design", "names"),
    [
        ((30, 1), ("l_info",)),
        ((1, 30), ("info_seed", "l_info_upper")),
        ((14, 3), ("info_dataset", "l_info", "info_dataset_upper")),
    ],
)
def test_errors_of_many_clusters(design: tuple[int, int], names: tuple[str, ...]) -> None:
    """Beyond eight clusters, biases of deletions are scaled instead of taken anew: errors agree to a few percent."""
    nesting = Nesting.regular(datasets=design[0], seeds=design[1])
    log_p = _log_p(nesting.members, inputs=8, seed=3)
    look = measure(nesting, log_p)
    for name in names:
        left = []
        for cluster in range(nesting.clusters):
            mask = nesting.cluster_of != cluster
            left.append(measure(nesting.keep(mask), log_p[mask], permutations=1)[name].value)
        n = len(left)
        assert look[name].error == pytest.approx(math.sqrt((n - 1) ** 2 / n) * np.std(left, ddof=1), rel=0.05), name
