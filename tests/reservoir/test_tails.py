"""Tail indices of laws whose tails are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from szilard.errors import RecordError
from szilard.reservoir import extreme_value_index, tail_index, tail_interval
from szilard.reservoir.tails import exceedances


def test_transcription() -> None:
    sample = np.random.default_rng(0).standard_t(3, size=60)
    ordered = sorted((abs(x) for x in sample), reverse=True)
    k = 10
    logs = [math.log(ordered[i] / ordered[k]) for i in range(k)]
    found = tail_index(sample, exceeding=k)
    assert found.value == pytest.approx((k - 1) / sum(logs), rel=1e-12)
    assert found.error == pytest.approx(found.value / math.sqrt(k - 2), rel=1e-12)

    def moment(values: list[float]) -> float:
        first, second = sum(values) / len(values), sum(x * x for x in values) / len(values)
        return first + 1 - 0.5 / (1 - first**2 / second)

    left = [moment(logs[:i] + logs[i + 1 :]) for i in range(k)]
    wanted = k * moment(logs) - (k - 1) * sum(left) / k
    assert extreme_value_index(sample, exceeding=k).value == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("alpha", [0.8, 1.5, 4.0])
def test_pareto(alpha: float) -> None:
    """1,000 samples of 300: unbiased, spread as stated, and an interval that is exact."""
    generator = np.random.default_rng(1)
    samples = generator.pareto(alpha, size=(1000, 300)) + 1
    found = [tail_index(sample) for sample in samples]
    values = np.array([f.value for f in found])
    spread = values.std(ddof=1)
    assert abs(values.mean() - alpha) < 3 * spread / math.sqrt(1000)
    assert np.mean([f.error for f in found]) == pytest.approx(spread, rel=0.1)
    held = np.mean([low <= alpha <= high for low, high in map(tail_interval, samples)])
    assert abs(held - 0.95) < 0.021  # three binomial errors
    gamma = np.array([extreme_value_index(sample).value for sample in samples])
    assert abs(gamma.mean() - 1 / alpha) < 0.03  # k = 22; without the jackknife it is −0.14


@pytest.mark.parametrize(
    "name, draw, gamma",
    [
        ("exponential", lambda g: g.exponential(size=20_000), 0.0),
        ("uniform", lambda g: g.uniform(size=20_000), -1.0),
        ("Cauchy", lambda g: g.standard_cauchy(size=20_000), 1.0),
    ],
)
def test_extreme_value_index(name: str, draw, gamma: float) -> None:  # type: ignore[no-untyped-def]
    generator = np.random.default_rng(3)
    found = [extreme_value_index(draw(generator)) for _ in range(50)]
    values = np.array([f.value for f in found])
    assert abs(values.mean() - gamma) < 0.03
    assert np.mean([f.error for f in found]) == pytest.approx(values.std(ddof=1), rel=0.35)


def test_light_tails_have_no_index_that_stays() -> None:
    generator = np.random.default_rng(4)
    few, many = (tail_index(generator.normal(size=n)).value for n in (1000, 1_000_000))
    assert 4 < few < many
    gamma = extreme_value_index(generator.normal(size=100_000))
    assert gamma.interval(0.99)[0] < 0 < 0.2 > gamma.value


@pytest.mark.parametrize("count, wanted", [(20, 5), (64, 8), (1000, 50), (1_000_000, 5000)])
def test_exceedances(count: int, wanted: int) -> None:
    assert exceedances(count) == wanted


def test_refusals() -> None:
    with pytest.raises(RecordError, match="cannot be had from 5 values"):
        tail_index(np.ones(5))
    with pytest.raises(RecordError, match="zeros"):
        tail_index(np.r_[np.zeros(100), 1.0])
    with pytest.raises(RecordError, match="all alike"):
        tail_index(np.ones(100))
    with pytest.raises(ValueError, match="strictly between"):
        tail_interval(np.arange(1.0, 100), level=1.0)
