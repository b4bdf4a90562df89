"""The median over replicates: coverage counted outright, and what has no interval."""

from __future__ import annotations

import math

import numpy as np
import pytest

from szilard.reservoir.replicates import median


@pytest.mark.parametrize("count", [6, 7, 10, 25])
def test_intervals_cover_whatever_the_distribution(count: int) -> None:
    rng = np.random.default_rng(count)
    with np.errstate(over="ignore"):  # its median is 1, it has no mean, and some are infinite
        draws = np.exp(3 * rng.standard_cauchy((2000, count)))
    inside = sum(low <= 1 <= high for _, (low, high) in map(median, draws))
    assert inside / 2000 > 0.95 - 3 * math.sqrt(0.05 * 0.95 / 2000)


def test_the_interval_is_no_wider_than_it_must_be() -> None:
    ordered = np.arange(1.0, 26.0)
    middle, (low, high) = median(ordered)
    depth = int(low)
    assert (middle, low + high) == (13.0, 26.0)
    outside = [2 * sum(math.comb(25, i) for i in range(k)) / 2**25 for k in (depth, depth + 1)]
    assert outside[0] <= 0.05 < outside[1]


def test_too_few_or_undefined_have_no_interval() -> None:
    assert all(math.isnan(end) for end in median([1.0] * 5)[1])
    assert math.isnan(median([1.0, math.nan] * 5)[0])
    assert math.isnan(median([])[0])
