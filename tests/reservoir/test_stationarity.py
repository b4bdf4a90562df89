"""Drift of the noise variance: transcription, size, power, and courses that a line does not see."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import signal, stats

from szilard.errors import RecordError
from szilard.estimate import Estimate, Kind
from szilard.reservoir import stationarity
from szilard.reservoir.stationarity import two_sided
from szilard.reservoir.time_average import residual_time


def _records(course: np.ndarray, phi: float, generator: np.random.Generator) -> np.ndarray:
    noise = generator.normal(size=len(course))
    noise[0] /= math.sqrt(1 - phi**2)
    scatter = signal.lfilter([1.0], [1.0, -phi], noise) * math.sqrt(1 - phi**2)
    return course * np.exp(0.075 * scatter)  # twelve draws in thirty directions


def test_white_scatter_is_ordinary_least_squares() -> None:
    """Where residuals alternate, τ is 1, and slope and p-value are those of the textbook."""
    steps = np.arange(20) * 50
    logs = 0.01 * np.arange(20) + 0.1 * (-1.0) ** np.arange(20)
    found = stationarity(np.exp(logs), steps)
    line = stats.linregress(steps, logs)
    assert found.drift.value == pytest.approx(line.slope * 950)
    assert found.drift.error == pytest.approx(line.stderr * 950)
    assert found.p_value == pytest.approx(line.pvalue)
    assert found.drift.degrees_of_freedom == 18


@pytest.mark.parametrize("count", [16, 40])
@pytest.mark.parametrize("phi, most", [(0.0, 0.065), (0.7, 0.125)])
def test_size(count: int, phi: float, most: float) -> None:
    """1,000 constant courses at 5 %: binomial error 0.007; slow scatter over few records is known to be liberal."""
    generator = np.random.default_rng(count)
    found = [stationarity(_records(np.ones(count), phi, generator)) for _ in range(1000)]
    size = np.mean([f.p_value <= 0.05 for f in found])
    assert 0.02 < size < most
    assert np.mean([f.drift.interval()[0] <= 0 <= f.drift.interval()[1] for f in found]) == pytest.approx(1 - size)
    if phi == 0:
        assert np.mean([f.largest.low > 0 for f in found]) < 0.065


def test_power_against_a_doubling_variance() -> None:
    generator = np.random.default_rng(0)
    found = [stationarity(_records(np.geomspace(1, 2, 20), 0.0, generator)) for _ in range(300)]
    assert np.mean([f.p_value <= 0.05 for f in found]) > 0.98
    values = np.array([f.drift.value for f in found])
    assert abs(values.mean() - math.log(2)) < 3 * values.std() / math.sqrt(300)
    assert np.mean([f.drift.error for f in found]) == pytest.approx(values.std(), rel=0.35)


def test_up_and_down_again_is_a_contrast_but_no_drift() -> None:
    generator = np.random.default_rng(0)
    course = np.r_[np.geomspace(1, 2, 20), np.geomspace(2, 1, 20)]
    found = [stationarity(_records(course, 0.0, generator)) for _ in range(100)]
    assert np.mean([f.p_value <= 0.05 for f in found]) < 0.05
    assert np.mean([f.largest.low > 0 for f in found]) > 0.9


def test_steps_need_not_be_equally_spaced() -> None:
    steps = np.geomspace(1, 1000, 30)
    noise = 0.01 * np.random.default_rng(0).normal(size=30)
    found = stationarity(np.exp(2e-3 * steps + noise), steps)
    assert abs(found.drift.z(2e-3 * 999)) < 3


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.8])
def test_memory_of_residuals_is_corrected_for_the_fit(phi: float) -> None:
    """Lines fitted to 60 times of AR(1): the plain coefficient is low by (2 + 4φ)/60."""
    generator = np.random.default_rng(1)
    times = []
    for _ in range(400):
        noise = generator.normal(size=260)
        series = signal.lfilter([1.0], [1.0, -phi], noise)[200:]
        place = np.arange(60)
        times.append(residual_time(series - np.polyval(np.polyfit(place, series, 1), place), 2))
    truth = (1 + phi) / (1 - phi)
    assert 0.85 * truth < np.median(times) < 1.35 * truth


def test_two_sided() -> None:
    assert two_sided(Estimate(2.0, 1.0, Kind.UNBIASED)) == pytest.approx(2 * stats.norm.sf(2))
    assert two_sided(Estimate(-2.0, 1.0, Kind.UNBIASED, 5)) == pytest.approx(2 * stats.t.sf(2, 5))
    assert two_sided(Estimate(0.0, 0.0, Kind.EXACT)) == 1
    assert two_sided(Estimate(1.0, 0.0, Kind.EXACT)) == 0


def test_refusals() -> None:
    with pytest.raises(RecordError, match="at least 12 records"):
        stationarity(np.ones(11))
    with pytest.raises(RecordError, match="not positive"):
        stationarity(np.r_[np.ones(20), -1.0])
    with pytest.raises(RecordError, match="as many steps"):
        stationarity(np.ones(12), np.ones(12))
