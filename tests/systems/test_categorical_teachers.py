"""A finite population of classifiers: its answers by loops, and samples that are samples of it."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from szilard.errors import SpecError
from szilard.systems import CategoricalTeachers

SYSTEM = CategoricalTeachers(
    tasks=2, datasets=3, initialisations=2, orders=3, inputs=4, outcomes=3, task=0.7, dataset=0.5, interaction=0.3
)


def entropy(laws: list[list[float]]) -> float:
    """Of the mixture of laws."""
    mixture = [math.fsum(column) / len(laws) for column in zip(*laws, strict=True)]
    return -math.fsum(p * math.log(p) for p in mixture)


@pytest.mark.parametrize("block", [1, 2])
def test_answers_by_enumeration(block: int) -> None:
    p = SYSTEM.log_p.exp()
    names = ("whole", "task", "dataset", "row", "member")
    total = dict.fromkeys(names, 0.0)
    blocks = SYSTEM.inputs // block
    for b in range(blocks):
        laws = {}
        for where in itertools.product(range(2), range(3), range(2), range(3)):
            inputs = [p[where][b * block + k].tolist() for k in range(block)]
            laws[where] = [math.prod(choice) for choice in itertools.product(*inputs)]
        for depth, name in enumerate(names):
            groups: dict[tuple[int, ...], list[list[float]]] = {}
            for where, law in laws.items():
                groups.setdefault(where[:depth], []).append(law)
            total[name] += math.fsum(map(entropy, groups.values())) / len(groups) / blocks
    answers = SYSTEM.exact(block=block)
    assert answers["info_task"] == pytest.approx(total["whole"] - total["task"], abs=1e-13)
    assert answers["info_dataset"] == pytest.approx(total["task"] - total["dataset"], abs=1e-13)
    assert answers["info_seed"] == pytest.approx(total["dataset"] - total["member"], abs=1e-13)
    assert answers["info_seed_initialisation"] == pytest.approx(total["dataset"] - total["row"], abs=1e-13)
    assert answers["l_info"] == pytest.approx(total["whole"] - total["member"], abs=1e-13)


def test_pairs_by_enumeration() -> None:
    """Two independent members of one task: datasets, initialisations and orders drawn apart."""
    p, log_p = SYSTEM.log_p.exp().flatten(1, 3), SYSTEM.log_p.flatten(1, 3)
    pairs = [(i, j) for i in range(18) for j in range(18)]
    cross = [-(p[t, i] * log_p[t, j]).sum(-1).mean().item() for t in range(2) for i, j in pairs]
    assert SYSTEM.exact()["cross_entropy_between"] == pytest.approx(math.fsum(cross) / len(cross))
    answers = SYSTEM.exact()
    parts = ("initialisation", "order", "interaction")
    total = sum(answers[f"info_seed_{part}_quadratic"] for part in parts)
    assert total == pytest.approx(answers["info_seed_quadratic"])


@pytest.mark.parametrize("seeds", [4, (2, 3)])
def test_samples_are_nested(seeds: int | tuple[int, int]) -> None:
    drawn = SYSTEM.ensemble(tasks=2, datasets=3, seeds=seeds, replicates=5, seed=1)
    count = 4 if isinstance(seeds, int) else 6
    assert drawn.shape == (5, 2 * 3 * count, 4, 3)
    assert torch.allclose(drawn.exp().sum(-1), torch.ones(5, 6 * count, 4, dtype=torch.float64))
    assert torch.equal(drawn, SYSTEM.ensemble(tasks=2, datasets=3, seeds=seeds, replicates=5, seed=1))


def test_crossed_samples_share_rows_and_columns() -> None:
    """Without interaction, crossed logits are sums of a row's and a column's."""
    system = CategoricalTeachers(interaction=0.0)
    drawn = system.ensemble(seeds=(3, 3), seed=2)[0].unflatten(0, (3, 3))
    logits = drawn - drawn.mean(-1, keepdim=True)
    mixed = logits - logits.mean(0, keepdim=True) - logits.mean(1, keepdim=True) + logits.mean((0, 1), keepdim=True)
    assert mixed.abs().max() < 1e-12


def test_bad_parameters() -> None:
    for parameters in ({"datasets": 0}, {"outcomes": 1}, {"dataset": -1.0}):
        with pytest.raises(SpecError):
            CategoricalTeachers(**parameters)  # type: ignore[arg-type]
    with pytest.raises(SpecError, match="joint outcomes"):
        CategoricalTeachers(inputs=8, outcomes=10).exact(block=5)
