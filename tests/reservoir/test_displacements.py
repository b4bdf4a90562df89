"""The identity of displacements: exact sums, size at rest under any order and decay, and drifts."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from szilard.errors import RecordError
from szilard.reservoir import displacement_balance


def naive(theta: np.ndarray) -> tuple[float, float]:
    """−2⟨θ·Δθ⟩ and ⟨|Δθ|²⟩ by loops over moments and directions."""
    along = square = 0.0
    for before, after in itertools.pairwise(theta):
        for x, y in zip(before, after, strict=True):
            along += -2 * x * (y - x)
            square += (y - x) ** 2
    return along / (len(theta) - 1), square / (len(theta) - 1)


def test_a_straight_course_is_the_telescoped_ratio() -> None:
    """Where ‖θ‖² changes by the same at each moment, the line and the sum of the identity's terms are one."""
    generator = np.random.default_rng(0)
    theta = generator.normal(size=(40, 6))
    theta *= np.sqrt((5 + 0.3 * np.arange(40)) / np.square(theta).sum(1))[:, None]
    along, square = naive(theta)
    found = displacement_balance(np.square(theta).sum(1), square)
    assert found.ratio.value == pytest.approx(along / square, rel=1e-9)
    assert found.p_value < 1e-6


def stationary(kind: str, shuffled: bool, epochs: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """‖θ‖² at the ends of epochs of ten batches and the mean |Δθ|², r h = .1, of 60 runs in 30 directions."""
    generator, rows = np.random.default_rng(seed), np.arange(60)
    data = generator.normal(size=(60, 10, 30))
    data -= data.mean(1, keepdims=True)
    theta, first, second = np.zeros((60, 30)), np.zeros((60, 30)), np.ones((60, 30))
    seen, moved = [], []
    for epoch in range(40 + epochs):
        before = theta
        order = generator.random((60, 10)).argsort(1) if shuffled else generator.integers(10, size=(60, 10))
        for batch in order.T:
            gradient = theta - data[rows, batch]
            if kind == "SGD":
                theta = theta - 0.1 * gradient
                continue
            first = 0.9 * first + (0.1 if kind == "AdamW" else 1.0) * gradient
            second = 0.99 * second + 0.01 * gradient**2
            step = 0.1 * first / np.sqrt(second) if kind == "AdamW" else 0.01 * first
            theta = theta * (0.99 if kind == "AdamW" else 1.0) - step
        if epoch >= 40:
            seen.append(np.square(theta).sum(1))
            moved.append(np.square(theta - before).sum(1))
    return np.array(seen), np.mean(moved, 0)


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("kind", ["SGD", "momentum", "AdamW"])
def test_at_rest_it_holds(kind: str, shuffled: bool) -> None:
    squares, moved = stationary(kind, shuffled, 60, 1)
    found = [displacement_balance(path, one) for path, one in zip(squares.T, moved, strict=True)]
    assert np.mean([one.p_value < 0.05 for one in found]) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 60)
    values = np.array([one.ratio.value for one in found])
    assert abs(values.mean() - 1) < 4 * values.std(ddof=1) / np.sqrt(60)


def test_a_drift_is_seen() -> None:
    """Every parameter goes its way at a tenth of the noise a moment."""
    generator = np.random.default_rng(3)
    theta = generator.normal(size=(100, 30)) + 0.1 * np.arange(100)[:, None]
    found = displacement_balance(np.square(theta).sum(1), naive(theta)[1])
    assert found.p_value < 1e-6 and found.ratio.interval()[1] < 0.9


def test_a_transient_is_seen() -> None:
    """From ten widths away, relaxing within ten moments: far from any cubic."""
    generator = np.random.default_rng(4)
    theta = generator.normal(size=(100, 30)) + 10 * np.exp(-np.arange(100) / 10)[:, None]
    assert displacement_balance(np.square(theta).sum(1), naive(theta)[1]).p_value < 0.01


@pytest.mark.parametrize(
    ("squares", "displacement", "moments", "message"),
    [
        (np.ones(5), 1.0, None, "at least"),
        (np.ones(20), 0.0, None, "no motion"),
        (np.full(20, np.nan), 1.0, None, "finite"),
        (np.ones(20), 1.0, np.zeros(20), "later"),
    ],
)
def test_refusals(squares: np.ndarray, displacement: float, moments: np.ndarray | None, message: str) -> None:
    with pytest.raises(RecordError, match=message):
        displacement_balance(squares, displacement, moments)
