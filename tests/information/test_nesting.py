"""Designs: who belongs where, what weighs how much, what cannot be given, and what bad input is told."""

from __future__ import annotations

import numpy as np
import pytest

from szilard.errors import SpecError
from szilard.information import Nesting, measure


def _log_p(members: int, inputs: int = 4, outcomes: int = 3, seed: int = 0) -> np.ndarray:
    logits = np.random.default_rng(seed).normal(size=(members, inputs, outcomes))
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


def test_clusters_of_a_level_weigh_the_same() -> None:
    """However many members they have left."""
    nesting = Nesting(np.array([0, 0, 0, 0, 1, 1]), np.array([0, 0, 0, 1, 0, 1]))
    np.testing.assert_allclose(nesting.weights, [1 / 12, 1 / 12, 1 / 12, 1 / 4, 1 / 4, 1 / 4])
    assert (nesting.tasks, nesting.datasets, nesting.outermost, nesting.clusters) == (2, 4, "task", 2)


def test_datasets_are_told_apart_within_tasks() -> None:
    nesting = Nesting.regular(tasks=2, datasets=3, seeds=2)
    assert nesting.datasets == 6
    assert nesting.datasets_per_task.tolist() == [3, 3]
    assert nesting.seeds_per_dataset.tolist() == [2] * 6


def test_the_order_of_members_does_not_matter() -> None:
    nesting, log_p = Nesting.regular(datasets=4, seeds=(2, 3)), _log_p(24)
    order = np.random.default_rng(1).permutation(24)
    assert nesting.initialisation is not None
    assert nesting.order is not None
    shuffled = Nesting(nesting.task[order], nesting.dataset[order], nesting.initialisation[order], nesting.order[order])
    one, other = measure(nesting, log_p), measure(shuffled, log_p[order])
    for name in ("info_dataset", "info_seed", "info_seed_initialisation", "l_info_upper", "info_seed_quadratic"):
        assert one[name].value == pytest.approx(other[name].value), name
        assert one[name].error == pytest.approx(other[name].error), name
    np.testing.assert_allclose(one.members["l_info_member"][order], other.members["l_info_member"])


def test_strangers_share_neither_initialisation_nor_order() -> None:
    nesting = Nesting.regular(datasets=2, seeds=(2, 3))
    assert nesting.crossed
    assert nesting.tables[0] == (2, 3)
    assert nesting.strangers.sum(1).tolist() == [2] * 12
    assert not Nesting.regular(datasets=2, seeds=3).crossed


def test_a_gap_takes_its_row_or_column_along() -> None:
    nesting = Nesting.regular(datasets=2, seeds=(3, 2))
    mask = np.ones(12, dtype=bool)
    mask[1] = False
    assert nesting.complete(mask).tolist() == [False, False] + [True] * 10
    plain = Nesting.regular(datasets=2, seeds=6)
    assert plain.complete(mask).tolist() == mask.tolist()


def test_members_left_out_are_in_no_mixture() -> None:
    nesting, log_p = Nesting.regular(datasets=4, seeds=3), _log_p(12)
    mask = np.ones(12, dtype=bool)
    mask[[2, 7]] = False
    broken = log_p.copy()
    broken[~mask] = np.nan
    look, expected = measure(nesting, broken, keep=mask), measure(nesting.keep(mask), log_p[mask])
    assert look.members_counted == 10
    for name, value in expected.values.items():
        np.testing.assert_allclose(look[name].value, value.value, err_msg=name)
    assert np.isnan(look.members["l_info_member"][[2, 7]]).all()
    assert np.isfinite(look.members["l_info_member"][mask]).all()


def test_chunks_do_not_matter() -> None:
    nesting, log_p = Nesting.regular(datasets=3, seeds=3), _log_p(9, inputs=60)
    whole = measure(nesting, log_p)
    parts = measure(nesting, (log_p[:, first : first + 12] for first in range(0, 60, 12)))
    assert parts.inputs == 60
    for name, value in whole.values.items():
        np.testing.assert_allclose(parts[name].value, value.value, atol=1e-13, err_msg=name)
        np.testing.assert_allclose(parts[name].error, value.error, atol=1e-13, err_msg=name)


def test_heads_are_taken_jointly() -> None:
    nesting, log_p = Nesting.regular(datasets=3, seeds=2), _log_p(6, inputs=8)
    heads = log_p.reshape(6, 4, 2, 3)
    joint = (heads[:, :, 0, :, None] + heads[:, :, 1, None, :]).reshape(6, 4, 9)
    assert measure(nesting, heads)["l_info"].value == pytest.approx(measure(nesting, joint)["l_info"].value)
    assert measure(nesting, heads).per == "input"
    many = _log_p(6, inputs=40).reshape(6, 4, 10, 3)
    apart = measure(nesting, many)
    assert apart.per == "head"
    assert apart["l_info"].value == pytest.approx(measure(nesting, many.reshape(6, 40, 3))["l_info"].value)


def test_impossible_labels() -> None:
    """A probability of zero is no obstacle, and nothing is infinite or NaN."""
    log_p = np.log(
        np.eye(3)[np.arange(12) % 3] + 0.0, where=np.eye(3)[np.arange(12) % 3] > 0, out=np.full((12, 3), -np.inf)
    )
    look = measure(Nesting.regular(datasets=4, seeds=3), log_p[:, None, :])
    assert look["entropy_conditional_mean"].value == pytest.approx(0.0, abs=1e-12)
    assert all(np.isfinite(look[name].value) for name in ("info_dataset", "l_info_upper", "cross_entropy_between"))


@pytest.mark.parametrize(
    ("design", "missing", "reason"),
    [
        ({"datasets": 1, "seeds": 4}, "info_dataset", "one dataset"),
        ({"datasets": 4, "seeds": 1}, "info_seed", "one seed"),
        ({"datasets": 4, "seeds": 1}, "info_dataset", "luck cannot be told"),
        ({"datasets": 4, "seeds": 3}, "info_task", "one task"),
        ({"tasks": 3, "datasets": 1, "seeds": 2}, "info_task", "vary together"),
        ({"datasets": 4, "seeds": 3}, "info_seed_order", "not crossed"),
        ({"datasets": 1, "seeds": 4}, "cross_entropy_between", "one dataset"),
    ],
)
def test_what_a_design_cannot_give(design: dict[str, int], missing: str, reason: str) -> None:
    nesting = Nesting.regular(**design)  # type: ignore[arg-type]
    look = measure(nesting, _log_p(nesting.members))
    assert not [name for name in look.values if name.startswith(missing)]
    assert reason in look.unavailable[missing]
    with pytest.raises(SpecError, match=reason):
        look[missing]


def test_what_is_left_is_given() -> None:
    """One seed for each dataset: the sum is known where the parts are not; one dataset for each task: info_data is."""
    look = measure(Nesting.regular(datasets=5), _log_p(5))
    assert look["l_info"].error > 0
    look = measure(Nesting.regular(tasks=4, seeds=2), _log_p(8))
    assert look["info_data"].error > 0
    assert look["info_seed"].error > 0


def test_two_clusters_give_no_error() -> None:
    look = measure(Nesting.regular(datasets=2, seeds=3), _log_p(6))
    for name in ("info_dataset", "l_info", "entropy_marginal", "info_dataset_quadratic", "info_dataset_contrast"):
        assert np.isnan(look[name].error), name
    assert look["info_seed"].error > 0
    assert "train at least 3" in look.unavailable["info_dataset_error"]


def test_a_wide_bracket_is_flagged() -> None:
    look = measure(Nesting.regular(datasets=3, seeds=2), _log_p(6))
    assert look.saturated["info_dataset"]
    low, high = look.bracket("info_dataset")
    assert high - low > look["info_dataset"].value
    assert "spans more than the value" in look.notes["info_dataset"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0, 0], [0, 0], [1, 1], [2, 2]), "share task, dataset"),
        (([0, 0], [0]), "has 1 members and task 2"),
        (([0], [0]), "at least 2 members"),
        (([0.5, 1.0], [0, 1]), "integers"),
    ],
)
def test_bad_nesting(arguments: tuple, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        Nesting(*(np.array(values) for values in arguments))


def test_bad_chunks() -> None:
    nesting, log_p = Nesting.regular(datasets=3, seeds=2), _log_p(6)
    for chunks, message in (
        (log_p[:5], "with all 6 members"),
        (log_p + 0.1, "do not add up to 1"),
        (np.where(np.arange(6)[:, None, None] == 2, np.nan, log_p), "do not add up to 1"),
        ([], "no probe inputs"),
        ([log_p, _log_p(6, outcomes=4)], "give them alike"),
    ):
        with pytest.raises(SpecError, match=message):
            measure(nesting, chunks)
    with pytest.raises(SpecError, match="blocks"):
        measure(nesting, log_p, blocks=(0,))
    with pytest.raises(SpecError, match="cross them all"):
        measure(
            Nesting(np.zeros(5, int), np.zeros(5, int), np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 1, 0])), log_p[:5]
        )
