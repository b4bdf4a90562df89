"""Change points against ruptures' search over the same costs, and against series whose breaks are known."""

from __future__ import annotations

import numpy as np
import pytest
import ruptures
from ruptures.base import BaseCost
from scipy import signal

from szilard.errors import RecordError
from szilard.reservoir import regimes
from szilard.reservoir.regimes import Regimes

pytestmark = pytest.mark.slow


def doubling_steps(count: int) -> np.ndarray:
    """Steps of records that are dense at first: 20 of each, then the interval doubles."""
    return np.cumsum(2 ** (np.arange(count) // 20)).astype(float)


class Lines(BaseCost):
    """Squared residuals about a line over these steps, fitted anew for each interval."""

    model, min_size = "lines", 3

    def __init__(self, steps: np.ndarray) -> None:
        self.steps = steps

    def fit(self, series: np.ndarray) -> Lines:
        self.signal = series
        return self

    def error(self, start: int, end: int) -> float:
        place = self.steps[start:end] - self.steps[start]
        columns = self.signal[start:end].T
        return float(sum(np.square(c - np.polyval(np.polyfit(place, c, 1), place)).sum() for c in columns))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("unequal", [False, True], ids=["equally spaced", "dense at first"])
def test_the_best_partition_is_that_of_ruptures(seed: int, unequal: bool) -> None:
    """Two series of 60 times; the noise level that was used is read off from where breaks begin to pay."""
    generator = np.random.default_rng(seed)
    series = generator.normal(size=(60, 2))
    series[20:, 0] += 3
    series[45:, 1] += np.linspace(0, 9, 15)
    from szilard.reservoir.regimes import _breaks, _places, noise_of

    steps = doubling_steps(60) if unequal else np.arange(60.0)
    place = _places(steps, 60)
    scale, _ = noise_of(series, place)
    for penalty in (5.0, 25.0, 80.0):
        search = ruptures.Pelt(custom_cost=Lines(steps), min_size=8, jump=1)
        assert _breaks(series / scale, place, penalty, 8) == search.fit_predict(series / scale, penalty)[:-1]


@pytest.mark.parametrize("count", [50, 200])
@pytest.mark.parametrize(
    "name, most",
    [("white", 0.03), ("a steady fall", 0.03), ("AR(1) of 0.7", 0.13)],
)
def test_false_alarms(name: str, count: int, most: float) -> None:
    generator = np.random.default_rng(0)
    alarms = 0
    for _ in range(200):
        series = generator.normal(size=count)
        if name == "a steady fall":
            series -= np.linspace(0, 20, count)
        elif name.startswith("AR"):
            series = signal.lfilter([1.0], [1.0, -0.7], generator.normal(size=count + 50))[50:]
        alarms += bool(regimes(series).breaks)
    assert alarms / 200 <= most


@pytest.mark.parametrize("white", [True, False], ids=["white", "a steady fall"])
def test_false_alarms_where_records_are_dense_at_first(white: bool) -> None:
    """A loss that falls steadily with the steps is one regime, though it bends where the interval doubles."""
    generator, steps = np.random.default_rng(0), doubling_steps(120)
    course = np.zeros(120) if white else -20 * steps / steps[-1]
    alarms = sum(bool(regimes(course + generator.normal(size=120), steps).breaks) for _ in range(200))
    assert alarms / 200 <= 0.03
    if not white:
        assert regimes(course + 0.01 * generator.normal(size=120)).breaks
        assert not regimes(course + 0.01 * generator.normal(size=120), steps).breaks


def test_a_step_is_found_where_it_is() -> None:
    generator = np.random.default_rng(1)
    found = []
    for _ in range(100):
        series = generator.normal(size=200)
        series[120:] -= 4
        found.append(regimes(series).breaks)
    assert np.mean([len(breaks) == 1 for breaks in found]) > 0.95
    assert np.mean([min(abs(b - 120) for b in breaks) <= 2 for breaks in found if breaks]) > 0.95


def test_a_kink_is_a_break_too() -> None:
    generator = np.random.default_rng(2)
    time = np.arange(300)
    series = np.where(time < 150, -0.1 * time, -15.0) + generator.normal(size=300)
    found = regimes(series)
    assert len(found.breaks) == 1
    assert abs(found.breaks[0] - 150) < 15


SMOOTH = {
    "power law": lambda t: -0.5 * np.log(t),
    "with a floor": lambda t: np.log(1 / t + 0.1),
    "decay": lambda t: 5 * np.exp(-3 * t / t[-1]),
    "sigmoid": lambda t: -3 / (1 + np.exp(5 - 10 * t / t[-1])),
}


@pytest.mark.parametrize("scatter", [0.3, 0.01])
@pytest.mark.parametrize("course", SMOOTH)
def test_a_smooth_course_is_one_regime(course: str, scatter: float) -> None:
    """Lines alone break each of them nearly always."""
    generator, time = np.random.default_rng(6), np.arange(1.0, 201.0)
    series = [SMOOTH[course](time) + scatter * generator.normal(size=200) for _ in range(20)]
    assert sum(bool(regimes(x, 10 * time, smooth=True).breaks) for x in series) <= 2
    assert sum(bool(regimes(x, 10 * time).breaks) for x in series) >= 15


def test_a_step_breaks_a_smooth_course() -> None:
    generator, time = np.random.default_rng(7), np.arange(1.0, 201.0)
    found = []
    for _ in range(20):
        series = -2 * np.log(time) + generator.normal(size=200)
        series[120:] -= 8
        found.append(regimes(series, time, smooth=True).breaks)
        assert not regimes(generator.normal(size=200), time, smooth=True).breaks
    assert np.mean([min((abs(b - 120) for b in breaks), default=99) <= 2 for breaks in found]) > 0.9


def test_quantities_per_regime() -> None:
    generator = np.random.default_rng(3)
    loss, noise = generator.normal(size=(2, 240)) * [[0.1], [0.3]]
    noise[80:] += 2  # only the noise changes here
    loss[160:] -= 1
    found = regimes(np.stack([loss, noise], axis=1))
    assert found.bounds == (0, *found.breaks, 240)
    assert np.allclose(found.breaks, [80, 160], atol=2)
    assert found.noise == pytest.approx([0.1, 0.3], rel=0.15)
    means = [noise[part].mean() for part in found.slices]
    assert means == pytest.approx([0, 2, 2], abs=0.2)


def test_spikes_are_no_regimes() -> None:
    series = np.random.default_rng(4).normal(size=150)
    series[[30, 31, 100]] += [15, 12, -20]
    found = regimes(series)
    assert found.spikes == (30, 31, 100)
    assert found.breaks == ()
    white = [regimes(np.random.default_rng(seed).normal(size=200)).spikes for seed in range(100)]
    assert sum(map(len, white)) <= 2


def test_units_do_not_matter() -> None:
    generator = np.random.default_rng(5)
    series = generator.normal(size=120)
    series[70:] += 5
    assert regimes(series).bounds == regimes(1e-9 * series + 3e-4).bounds == regimes(-1e6 * series).bounds


def test_a_constant_has_one_regime() -> None:
    assert regimes(np.ones(40)).breaks == ()


@pytest.mark.parametrize("steps", [np.arange(39), np.zeros(40), np.arange(40)[::-1]], ids=["few", "same", "falling"])
def test_steps_rise(steps: np.ndarray) -> None:
    with pytest.raises(RecordError, match="40 times need as many steps, each later"):
        regimes(np.random.default_rng(0).normal(size=40), steps)


def test_refusals() -> None:
    with pytest.raises(RecordError, match="at least 16 times"):
        regimes(np.ones(15))
    with pytest.raises(RecordError, match="not finite"):
        regimes(np.r_[np.ones(20), np.inf])
    assert isinstance(regimes(np.arange(16.0)), Regimes)
