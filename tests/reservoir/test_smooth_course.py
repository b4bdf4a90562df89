"""What smooth courses and lines between breaks cost, against least squares by themselves."""

from __future__ import annotations

import numpy as np
import pytest

from szilard.reservoir.smooth_course import DEGREES, broken_cost, smooth_cost
from szilard.reservoir.stationarity import scatter


def least_squares(values: np.ndarray, place: np.ndarray, degree: int) -> float:
    fitted = np.polynomial.Chebyshev.fit(place, values, degree)
    return float(np.square(values - fitted(place)).sum())


def test_the_smooth_cost_is_the_cheapest_polynomial_of_each_series():
    rng = np.random.default_rng(0)
    steps = np.cumsum(rng.integers(1, 4, 60)).astype(float)
    since = steps - steps[0] + steps[1] - steps[0]
    series = [rng.normal(size=60), np.log(since) * 5 + rng.normal(size=60)]
    expected = sum(
        min(least_squares(one, place, k) + 3.0 * (k + 1) for place in (since, np.log(since)) for k in DEGREES)
        for one in series
    )
    assert smooth_cost(np.stack(series, axis=1), steps, 3.0) == pytest.approx(expected, rel=1e-9)


def test_the_broken_cost_counts_lines_and_breaks():
    residuals = np.random.default_rng(1).normal(size=(40, 3))
    assert broken_cost(residuals, 2, 1.5) == pytest.approx((residuals**2).sum() + 1.5 * (2 * 3 * 3 + 2))


def test_scatter_is_that_about_a_cubic():
    rng = np.random.default_rng(2)
    place = np.linspace(-1, 1, 400)
    values = np.array([scatter(place**3 - place + 0.3 * rng.normal(size=400), place) for _ in range(40)])
    assert values[:, 0].mean() == pytest.approx(0.3, rel=0.1)  # √τ of white noise is 1, estimated from 400
    assert (values[:, 1] <= 396).all() and (values[:, 1] > 20).all()
