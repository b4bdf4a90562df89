"""Measures of laziness, held against a transcription element by element."""

from __future__ import annotations

import math

import numpy as np
import pytest

from szilard.reservoir.laziness import gradient_change, kernel_change, kernel_turn, linearisation_error

RNG = np.random.default_rng(0)
BEFORE, AFTER = RNG.normal(size=(2, 6, 6))


def test_kernel_change_element_by_element() -> None:
    missed = math.fsum((AFTER[i, j] - BEFORE[i, j]) ** 2 for i in range(6) for j in range(6))
    scale = math.fsum(BEFORE[i, j] ** 2 for i in range(6) for j in range(6))
    assert kernel_change(BEFORE, AFTER) == pytest.approx(math.sqrt(missed / scale), rel=1e-13)


def test_kernel_turn_element_by_element() -> None:
    product = math.fsum((AFTER * BEFORE).flat)
    scale = math.sqrt(math.fsum((AFTER**2).flat) * math.fsum((BEFORE**2).flat))
    assert kernel_turn(BEFORE, AFTER) == pytest.approx(1 - product / scale, rel=1e-13)


def test_a_kernel_that_grows_changes_without_turning() -> None:
    assert kernel_change(BEFORE, 3 * BEFORE) == pytest.approx(2.0, rel=1e-14)
    assert kernel_turn(BEFORE, 3 * BEFORE) == pytest.approx(0.0, abs=1e-14)


def test_linearisation_error_element_by_element() -> None:
    missed = math.fsum(((AFTER - BEFORE) ** 2).flat)
    assert linearisation_error(AFTER, BEFORE) == pytest.approx(
        math.sqrt(missed / math.fsum((AFTER**2).flat)), rel=1e-13
    )


def test_gradient_change_is_a_ratio_of_means() -> None:
    changes, references = [1.0, 9.0], [100.0, 2.0]
    assert gradient_change(changes, references) == pytest.approx(math.sqrt(10 / 102), rel=1e-14)


def test_nothing_over_nothing_is_undefined() -> None:
    zero = np.zeros((2, 2))
    numbers = (kernel_change(zero, zero), kernel_turn(zero, zero), linearisation_error([0.0], [0.0]))
    assert all(math.isnan(number) for number in (*numbers, gradient_change([0.0], [0.0])))
