"""Means and ratios of means against loops, and against their own spread."""

from __future__ import annotations

import math

import numpy as np
import pytest

from szilard.errors import RecordError
from szilard.reservoir.replicates import fieller_interval, mean_of, ratio_of_means


def test_mean() -> None:
    found = mean_of([1.0, 4.0, 7.0, 8.0])
    assert (found.value, found.degrees_of_freedom) == (5.0, 3.0)
    assert found.error == pytest.approx(math.sqrt((16 + 1 + 4 + 9) / 3 / 4))


def test_one_draw_has_no_error() -> None:
    found = mean_of([2.0])
    assert found.value == 2.0
    assert math.isnan(found.error)
    with pytest.raises(RecordError, match="no draw"):
        mean_of([])


def test_ratio_transcription() -> None:
    generator = np.random.default_rng(0)
    a, b = generator.normal(3, 1, 9), generator.normal(2, 0.3, 9)
    left = [sum(np.delete(a, i)) / sum(np.delete(b, i)) for i in range(9)]
    mean = sum(left) / 9
    found = ratio_of_means(a, b)
    assert found.value == pytest.approx(9 * a.sum() / b.sum() - 8 * mean, rel=1e-12)
    assert found.error == pytest.approx(math.sqrt(8 / 9 * sum((x - mean) ** 2 for x in left)), rel=1e-12)
    assert found.degrees_of_freedom == 8


def test_ratio_of_means_is_no_mean_of_ratios() -> None:
    """Denominators that vary much: the mean of ratios is far from 1, the ratio of means within its error."""
    generator = np.random.default_rng(1)
    a, b = generator.gamma(2, 0.5, (2, 4000))
    found = ratio_of_means(a, b)
    assert abs(found.z(1.0)) < 3
    assert (a / b).mean() > 1.5


def test_fieller_covers() -> None:
    """1,000 data sets of ten draws whose denominator is three of its errors from zero: binomial error 0.007."""
    generator = np.random.default_rng(2)
    held = unbounded = 0
    for _ in range(1000):
        b = generator.normal(1, 1.05, 10)
        a = 2 + generator.normal(size=10)
        low, high = fieller_interval(a, b)
        held += low <= 2 <= high
        unbounded += math.isinf(high)
    assert 0.93 < held / 1000 < 0.985  # what is unbounded holds everything
    assert 0 < unbounded < 500


def test_fieller_is_the_jackknife_where_the_denominator_is_sure() -> None:
    generator = np.random.default_rng(3)
    a, b = generator.normal(3, 0.1, 50), generator.normal(2, 0.1, 50)
    found = ratio_of_means(a, b)
    assert fieller_interval(a, b) == pytest.approx(found.interval(), rel=2e-3)


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_fieller_ends_are_where_the_difference_is_just_significant(level: float) -> None:
    generator = np.random.default_rng(4)
    a, b = generator.normal(3, 1, 8), generator.normal(2, 0.5, 8)
    for end in fieller_interval(a, b, level):
        difference = mean_of(a - end * b)
        low, high = difference.interval(level)
        assert min(abs(low), abs(high)) < 1e-10


@pytest.mark.parametrize("call", [ratio_of_means, fieller_interval])
def test_refusals(call) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(RecordError, match="do not pair"):
        call([1.0, 2.0], [1.0])
    with pytest.raises(RecordError, match="at least two draws"):
        call([1.0], [1.0])
