"""Time averages against a naive transcription, and against AR(1) series whose autocorrelation time is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import signal

from szilard.errors import RecordError
from szilard.reservoir import time_average, time_ratio
from szilard.reservoir.time_average import autocovariance


def _ar(phi: float, count: int, seed: int = 0, columns: int = 1) -> np.ndarray:
    """A stationary AR(1) with unit innovations."""
    noise = np.random.default_rng(seed).normal(size=(count, columns))
    noise[0] /= math.sqrt(1 - phi**2)
    return signal.lfilter([1.0], [1.0, -phi], noise, axis=0)


def naive(series: list[float]) -> tuple[float, float, float, float]:
    """Mean, error, τ and degrees of freedom in loops, after the docstring."""
    n = len(series)
    mean = math.fsum(series) / n
    gamma = [math.fsum((series[t] - mean) * (series[t + h] - mean) for t in range(n - h)) / n for h in range(n)]
    pairs: list[float] = []
    for k in range(n // 2):
        pair = gamma[2 * k] + gamma[2 * k + 1]
        if pair <= 0:
            break
        pairs.append(min(pair, *pairs[-1:]) if pairs else pair)
    total = (2 * math.fsum(pairs) - gamma[0]) * (1 + 2 * max(len(pairs), 1) / n)
    variance = gamma[0] * n / (n - 1)
    tau = max(total / variance, 1.0)
    return mean, math.sqrt(variance * tau / n), tau, max(n / (2 * tau - 1) - 1, 1.0)


@pytest.mark.parametrize("count", [2, 7, 20, 101])
@pytest.mark.parametrize("phi", [-0.7, 0.0, 0.6, 0.95])
def test_transcription(phi: float, count: int) -> None:
    series = _ar(phi, count)[:, 0]
    average = time_average(series)
    mean, error, tau, degrees = naive(series.tolist())
    assert average.value.value == pytest.approx(mean, rel=1e-10)
    assert average.value.error == pytest.approx(error, rel=1e-9)
    assert average.autocorrelation_time == pytest.approx(tau, rel=1e-9)
    assert average.effective_samples == pytest.approx(count / tau, rel=1e-9)
    assert average.value.degrees_of_freedom == pytest.approx(degrees, rel=1e-8)


def test_autocovariance_is_the_sum_of_products() -> None:
    x = _ar(0.5, 33)[:, 0]
    centred = x - x.mean()
    wanted = [centred[: 33 - h] @ centred[h:] / 33 for h in range(33)]
    assert np.allclose(autocovariance(x), wanted, atol=1e-14)


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9])
def test_autocorrelation_time_of_ar1(phi: float) -> None:
    count = 20_000
    times = time_average(_ar(phi, count, columns=60)).autocorrelation_time
    truth = (1 + phi) / (1 - phi)
    # Each estimate scatters by about τ √(2 (2W + 1)/n); what Geyer's sequence adds in noise is positive, and small.
    scatter = times.std(ddof=1) / math.sqrt(60)
    assert truth - 4 * scatter < times.mean() < truth * 1.08
    assert times.std() < truth * math.sqrt(2 * (12 * truth + 1) / count)


@pytest.mark.parametrize(
    "phi, count, least",
    [(0.0, 16, 0.93), (0.0, 100, 0.93), (0.5, 32, 0.91), (0.9, 100, 0.87), (0.9, 1000, 0.925), (0.98, 1000, 0.88)],
)
def test_intervals_hold_the_mean(phi: float, count: int, least: float) -> None:
    """1,000 series each: a binomial error of 0.007 to 0.010; ``least`` is two of them below what is documented."""
    held = 0
    for column in _ar(phi, count, columns=1000, seed=5).T:
        low, high = time_average(column).value.interval()
        held += low <= 0 <= high
    assert least <= held / 1000 <= 0.99


def test_anticorrelation_is_not_credited() -> None:
    average = time_average(_ar(-0.5, 5000)[:, 0])
    assert average.autocorrelation_time == 1.0
    assert average.effective_samples == 5000


def test_axis_and_shape() -> None:
    series = _ar(0.5, 200, columns=6).reshape(200, 2, 3)
    moved = time_average(np.moveaxis(series, 0, -1), axis=-1)
    whole = time_average(series)
    single = time_average(series[:, 1, 2])
    assert np.array_equal(moved.value.value, whole.value.value)
    assert whole.value.error[1, 2] == single.value.error
    assert whole.value.degrees_of_freedom <= single.value.degrees_of_freedom


def test_a_constant_has_no_error() -> None:
    average = time_average(np.full(50, 0.1))
    assert average.value.error == 0
    assert average.autocorrelation_time == 1


def test_ratio_against_many_series() -> None:
    """The error of a ratio of correlated series is the spread over many independent ones."""
    a, b = _ar(0.8, 2000, seed=1, columns=200), _ar(0.8, 2000, seed=2, columns=200)
    a, b = 3 + a + 0.5 * b, 2 + b
    found = [time_ratio(x, y) for x, y in zip(a.T, b.T, strict=True)]
    values = np.array([f.value.value for f in found])
    assert abs(values.mean() - 1.5) < 4 * values.std() / math.sqrt(200) + 1e-3
    errors = np.array([f.value.error for f in found])
    assert errors.mean() == pytest.approx(values.std(ddof=1), rel=0.2)
    assert found[0].value.value == a[:, 0].mean() / b[:, 0].mean()


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: time_average(np.ones(1)), "at least two times"),
        (lambda: time_average(np.array([1.0, np.nan])), "not finite"),
        (lambda: time_ratio(np.ones(3), np.ones(4)), "do not pair"),
        (lambda: time_ratio(np.ones(2), np.array([1.0, -1.0])), "denominator's mean is zero"),
    ],
)
def test_refusals(call, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(RecordError, match=message):
        call()
