"""Curves thinned as they grow: no peak is lost, what is told in parts is the whole, and memory does not grow."""

from __future__ import annotations

import numpy as np
import pytest

from szilard.live.thinning import BUCKETS, Place, Thinned


def grown(values: np.ndarray, sizes: list[int]) -> Thinned:
    """Thinned curves of values, of shape (curves, records), that came in parts of these sizes, over and over."""
    thinned, at, turn = Thinned(len(values)), 0, 0
    while at < values.shape[1]:
        end = at + sizes[turn % len(sizes)]
        part = values[:, at:end]
        thinned.add(np.arange(at, at + part.shape[1]), part, np.full(part.shape, 0.5))
        at, turn = end, turn + 1
    return thinned


@pytest.mark.parametrize("count", [1, 5, BUCKETS, BUCKETS + 1, 3000, 5000])
@pytest.mark.parametrize("sizes", [[1], [7, 1, 300], [10_000]])
def test_least_and_greatest_of_every_stretch_are_kept(count: int, sizes: list[int]) -> None:
    values = np.random.default_rng(count).normal(size=(2, count)).cumsum(axis=1)
    thinned = grown(values, sizes)
    for curve in (0, 1):
        steps, kept, halves = thinned.since(Place(), curve)["even"]
        width = thinned.place.width
        assert len(steps) <= 2 * BUCKETS and steps == sorted(steps) and set(halves) == {0.5}
        np.testing.assert_allclose(kept, values[curve, steps], rtol=1e-6)
        for begin in range(0, count, width):
            inside = [value for step, value in zip(steps, kept, strict=True) if begin <= step < begin + width]
            stretch = values[curve, begin : begin + width]
            assert (min(inside), max(inside)) == pytest.approx((stretch.min(), stretch.max()), rel=1e-6)


def test_what_is_told_in_parts_is_what_is_told_at_once() -> None:
    values = np.random.default_rng(1).normal(size=(1, 6000))
    thinned, known = Thinned(1), Place()
    even: list[list[float]] = [[], [], []]
    early: list[list[float]] = [[], [], []]
    sizes = np.random.default_rng(2).integers(1, 90, size=400).tolist()
    for size in sizes:
        at = thinned.records
        part = values[:, at : at + size]
        thinned.add(np.arange(at, at + part.shape[1]), part, np.full(part.shape, np.nan))
        told, known = thinned.since(known, 0), thinned.place
        for whole, fresh, more, added in zip(even, told["even"], early, told["early"], strict=True):
            whole[told["from"] :] = fresh
            more += added
    assert thinned.records == 6000
    at_once = thinned.since(Place(), 0)
    assert even == at_once["even"] and early == at_once["early"]
    assert at_once["last"] == [[5999], [pytest.approx(values[0, -1], rel=1e-6)], [None]]


def test_little_is_told_of_what_is_known() -> None:
    thinned = grown(np.zeros((1, 5000)), [5000])
    known = thinned.place
    thinned.add(np.array([5000]), np.ones((1, 1)), np.full((1, 1), np.nan))
    told = thinned.since(known, 0)
    assert len(told["even"][0]) <= 2 and not told["early"][0]


def test_early_records_are_dense_in_the_logarithm() -> None:
    steps = grown(np.zeros((1, 20_000)), [4096]).since(Place(), 0)["early"][0]
    assert steps[:64] == list(range(64))
    assert max(np.diff(np.log(steps[10:]))) < 0.1 and len(steps) < 300


def test_missing_values_are_gaps() -> None:
    values = np.arange(2000.0)[None].copy()
    values[0, 500:1200] = np.nan
    values[0, 7] = np.inf
    steps, kept, _ = grown(values, [1])._even(0, slice(0, BUCKETS), 2)
    gaps = [step for step, value in zip(steps, kept, strict=True) if value is None and step]
    assert gaps and all(500 <= step < 1200 for step in gaps)
    assert all(value is None or value == step for step, value in zip(steps, kept, strict=True))


def test_no_curves_are_as_good_as_some() -> None:
    thinned = grown(np.empty((0, 3000)), [100, 1])
    assert thinned.records == 3000 and thinned.last is not None and thinned.last[0] == 2999


def test_memory_does_not_grow_with_the_record() -> None:
    def size(thinned: Thinned) -> int:
        kept = [*thinned._value.values(), *thinned._step.values(), *thinned._half.values()]
        return sum(each.nbytes for each in kept) + sum(each[1].nbytes for each in thinned._early)

    short, long = (size(grown(np.zeros((3, count)), [997])) for count in (2_000, 200_000))
    assert long < 1.1 * short
