"""The largest effect: by hand, and its simultaneous interval by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from szilard.errors import RecordError
from szilard.reservoir.contrasts import Largest, largest_contrast, largest_effect

pytestmark = pytest.mark.slow


def test_by_hand() -> None:
    found = largest_effect(np.array([0.2, -1.0, 0.8]), np.array([0.1, 0.5, 0.05]), np.array([4.0, 9.0, np.inf]))
    single = 1 - 0.05 / 3
    t = [stats.t.ppf(0.5 + single / 2, 4), stats.t.ppf(0.5 + single / 2, 9), stats.norm.ppf(0.5 + single / 2)]
    assert (found.value, found.where) == (1.0, (1,))
    assert found.low == pytest.approx(0.8 - 0.05 * t[2])
    assert found.high == pytest.approx(1.0 + 0.5 * t[1])


def test_pairs_have_welchs_degrees_of_freedom() -> None:
    found = largest_contrast(np.array([1.0, 3.0]), np.array([0.3, 0.4]), np.array([4.0, 6.0]))
    degrees = 0.25**2 / (0.09**2 / 4 + 0.16**2 / 6)
    assert found.low == pytest.approx(2 - 0.5 * stats.t.ppf(0.975, degrees))
    assert found.where == (0, 1)
    exact = largest_contrast(np.array([1.0, 3.0]), np.zeros(2))
    assert (exact.low, exact.high) == (2.0, 2.0)


@pytest.mark.parametrize("truth", [np.zeros(6), np.array([0, 0, 0, 1.0, 1.0, 2.0])])
def test_the_largest_true_contrast_lies_between(truth: np.ndarray) -> None:
    """2,000 data sets of six groups; simultaneous intervals hold it in 95 % or more."""
    generator = np.random.default_rng(0)
    span = float(np.ptp(truth))
    found = [largest_contrast(truth + 0.3 * generator.normal(size=6), np.full(6, 0.3), level=0.95) for _ in range(2000)]
    assert np.mean([f.low <= span <= f.high for f in found]) > 0.94
    if span == 0:
        assert 0.01 < np.mean([f.low > 0 for f in found]) < 0.06
        assert np.mean([f.value for f in found]) > 0.5  # the estimate itself is too high, as it says


def test_within_and_beyond() -> None:
    between = Largest(0.5, 0.2, 0.8, (0,))
    assert between.within(0.8)
    assert not between.within(0.7)
    assert between.beyond(0.1)
    assert not between.beyond(0.2)


def test_refusals() -> None:
    with pytest.raises(RecordError, match="nothing to be compared"):
        largest_contrast(np.ones(1), np.ones(1))
    with pytest.raises(RecordError, match="finite"):
        largest_effect(np.array([1.0, np.nan]), np.ones(2))
