"""White or not: the exact law of the sign flips, size on awkward white noise, power against colours."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import signal

from szilard.errors import RecordError, SpecError
from szilard.reservoir import whiteness, whiteness_of_gram


def _ar(phi: float, steps: int, columns: int, generator: np.random.Generator) -> np.ndarray:
    noise = generator.normal(size=(steps, columns)) * math.sqrt(1 - phi**2)
    noise[0] /= math.sqrt(1 - phi**2)
    return signal.lfilter([1.0], [1.0, -phi], noise, axis=0)


def _epochs(batches: int, steps: int, columns: int, generator: np.random.Generator) -> np.ndarray:
    whole = generator.normal(size=(steps // batches + 2, batches, columns))
    whole = (whole - whole.mean(1, keepdims=True)) * math.sqrt(batches / (batches - 1))
    start = generator.integers(batches)
    return whole.reshape(-1, columns)[start : start + steps]


def _gram(noise: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    d = generator.normal(size=noise.shape) - noise
    return d @ d.T


def test_all_sign_patterns_enumerated() -> None:
    """Six steps have 64 patterns: the p-value is the share of those that reach the statistic."""
    gram = _gram(_ar(0.6, 6, 8, np.random.default_rng(0)), np.random.default_rng(1))
    lags = (1, 2)

    def statistics(signs: tuple[float, ...]) -> tuple[float, float]:
        scores = []
        for lag in lags:
            products = [gram[s, s + lag] for s in range(6 - lag)]
            total = sum(p * signs[s] * signs[s + lag] for s, p in enumerate(products))
            scores.append(total / math.sqrt(sum(p * p for p in products)))
        return sum(z * z for z in scores), abs(sum(scores))

    seen = statistics((1,) * 6)
    every = np.array([statistics(signs) for signs in itertools.product((-1, 1), repeat=6)])
    exact = (every >= np.array(seen) * (1 - 1e-9)).mean(0)
    found = whiteness_of_gram(gram, lags, flips=20_000)
    assert found.p_value == pytest.approx(exact[0], abs=0.015)
    assert found.p_sum == pytest.approx(exact[1], abs=0.015)


@pytest.mark.slow
@pytest.mark.parametrize("bursts", [1, 5])
@pytest.mark.parametrize("name", ["normal", "heavy tails", "variance grows"])
def test_size(name: str, bursts: int) -> None:
    """800 data sets at 5 %: binomial error 0.008."""
    generator = np.random.default_rng(bursts)
    growth = np.geomspace(1, 3, 12)[:, None] if name == "variance grows" else 1.0
    rejected = np.zeros(2)
    for _ in range(800):
        shape = (bursts, 12, 20)
        noise = generator.standard_t(3, size=shape) if name == "heavy tails" else generator.normal(size=shape)
        grams = np.array([_gram(growth * n, generator) for n in noise])
        found = whiteness_of_gram(grams, range(1, 11), flips=199)
        rejected += found.p_value <= 0.05, found.p_sum <= 0.05
    assert (rejected / 800 > 0.025).all()
    assert (rejected / 800 < 0.075).all()


@pytest.mark.parametrize(
    "name, draw",
    [
        ("AR(1) of 0.05", lambda g: _ar(0.05, 12, 300, g)),
        ("epochs of 20 batches", lambda g: _epochs(20, 12, 300, g)),
    ],
)
def test_power(name: str, draw) -> None:  # type: ignore[no-untyped-def]
    """Twenty bursts of twelve steps in 300 directions."""
    generator = np.random.default_rng(3)
    seen = []
    for _ in range(40):
        grams = np.array([_gram(draw(generator), generator) for _ in range(20)])
        found = whiteness_of_gram(grams, range(1, 11), flips=199)
        seen.append((found.p_value <= 0.05, found.p_sum <= 0.05))
    share = np.mean(seen, axis=0)
    assert share[0] > 0.9
    if "epochs" in name:
        assert share[1] > 0.97


@pytest.mark.slow
def test_long_epochs_are_better_seen_by_the_sum() -> None:
    generator = np.random.default_rng(4)
    seen = []
    for _ in range(60):
        grams = np.array([_gram(_epochs(100, 12, 300, generator), generator) for _ in range(20)])
        found = whiteness_of_gram(grams, range(1, 11), flips=199)
        seen.append((found.p_value <= 0.05, found.p_sum <= 0.05))
    portmanteau, total = np.mean(seen, axis=0)
    assert total > 0.7
    assert total > portmanteau + 0.1


def test_scalar_series() -> None:
    """AR(1) of 0.05 over 5,000 times: lag 1 is 3.5 of its errors from zero."""
    generator = np.random.default_rng(5)
    found = [whiteness(_ar(0.05, 5000, 1, generator)[:, 0], [1], flips=199) for _ in range(60)]
    assert np.mean([f.p_value <= 0.05 for f in found]) > 0.85
    values = np.array([f.autocorrelation.value[0] for f in found])
    assert abs(values.mean() - 0.05) < 4 * values.std() / math.sqrt(60)
    assert np.mean([f.autocorrelation.error[0] for f in found]) == pytest.approx(1 / math.sqrt(5000), rel=0.05)
    white = [whiteness(generator.normal(size=(3, 40)), [1, 2], flips=199).p_value <= 0.05 for _ in range(800)]
    assert abs(np.mean(white) - 0.05) < 0.025


@pytest.mark.slow
def test_the_interval_of_the_largest_holds_it() -> None:
    generator = np.random.default_rng(6)
    held = []
    for _ in range(300):
        grams = np.array([_gram(_ar(0.3, 12, 100, generator), generator) for _ in range(10)])
        found = whiteness_of_gram(grams, [1, 2, 3])
        held.append(found.largest.low <= 0.3 <= found.largest.high)
        assert found.lags == (1, 2, 3)
    assert np.mean(held) > 0.94


def test_refusals() -> None:
    with pytest.raises(SpecError, match="between 1 and 10"):
        whiteness_of_gram(np.eye(12), [0])
    with pytest.raises(RecordError, match="no noise to test"):
        whiteness_of_gram(np.eye(12), [1])
