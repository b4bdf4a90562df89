"""Exponents with errors: exact powers, coverage over replicates, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from szilard.errors import SpecError
from szilard.reservoir.replicates import exponent


def test_an_exact_power_has_no_error() -> None:
    scale = [0.1, 0.3, 0.7]
    law = exponent(scale, [[2.0 * x**-1.5 for x in scale], [5.0 * x**-1.5 for x in scale]])
    assert law.value == pytest.approx(-1.5, abs=1e-13)
    assert law.error == pytest.approx(0.0, abs=1e-13)


def test_the_slope_is_that_of_polyfit() -> None:
    scale = np.array([1.0, 2.0, 5.0, 9.0])
    values = np.exp(np.random.default_rng(1).normal(size=(3, 4)))
    slopes = [np.polyfit(np.log(scale), np.log(row), 1)[0] for row in values]
    law = exponent(scale, values)
    assert law.value == pytest.approx(np.mean(slopes), rel=1e-12)
    assert law.error == pytest.approx(np.std(slopes, ddof=1) / math.sqrt(3), rel=1e-12)
    assert law.degrees_of_freedom == 2


def test_intervals_cover() -> None:
    rng = np.random.default_rng(2)
    scale = np.array([1.0, 2.0, 4.0, 8.0])
    inside = 0
    for _ in range(400):
        common = rng.normal(size=(5, 1))  # of one replicate: no part of the slope
        law = exponent(scale, scale**0.7 * np.exp(common + 0.1 * rng.normal(size=(5, 4))))
        low, high = law.interval(0.95)
        inside += low <= 0.7 <= high
    assert 0.92 < inside / 400 < 0.98


def test_one_replicate_has_no_error_and_zero_has_no_logarithm() -> None:
    assert math.isnan(exponent([1.0, 2.0], [[1.0, 2.0]]).error)
    assert math.isnan(exponent([1.0, 2.0], [[0.0, 2.0], [1.0, 2.0]]).value)


@pytest.mark.parametrize(
    ("scale", "values"), [([1.0, 2.0], [1.0, 2.0]), ([1.0, 1.0], [[1.0, 2.0]]), ([0.0, 1.0], [[1.0, 2.0]])]
)
def test_what_does_not_fit_is_refused(scale: list[float], values: list[float]) -> None:
    with pytest.raises(SpecError, match="an exponent needs"):
        exponent(scale, values)
