"""One temperature or several: Cochran's Q by hand, Alexander and Govern's by SciPy, sizes by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from szilard.errors import RecordError
from szilard.estimate import Estimate, Kind
from szilard.reservoir import mutual_equilibrium
from szilard.reservoir.replicates import mean_of

pytestmark = pytest.mark.slow


def _temperatures(values: list[float], relative: list[float], degrees: float = np.inf) -> list[Estimate]:
    return [Estimate(v, v * e, Kind.UNBIASED, degrees) for v, e in zip(values, relative, strict=True)]


def test_known_errors_give_cochrans_q() -> None:
    found = mutual_equilibrium(_temperatures([1.0, 1.3, 0.9], [0.1, 0.05, 0.2]))
    logs, weights = np.log([1.0, 1.3, 0.9]), 1 / np.square([0.1, 0.05, 0.2])
    mean = weights @ logs / weights.sum()
    q = weights @ (logs - mean) ** 2
    assert found.statistic == pytest.approx(q / 2)
    assert found.p_value == pytest.approx(stats.chi2.sf(q, 2))
    assert found.common.value == pytest.approx(np.exp(mean))
    assert found.common.error == pytest.approx(np.exp(mean) / np.sqrt(weights.sum()))


@pytest.mark.parametrize("groups, draws", [(2, 5), (4, 9), (15, 4)])
def test_estimated_errors_give_alexander_and_governs_statistic(groups: int, draws: int) -> None:
    """SciPy's takes samples; temperatures so close to 1 that logarithm and value are alike."""
    generator = np.random.default_rng(0)
    samples = 1 + 1e-6 * generator.normal(size=(groups, draws)) * generator.uniform(1, 3, size=(groups, 1))
    found = mutual_equilibrium([mean_of(sample) for sample in samples])
    wanted = stats.alexandergovern(*(sample - 1 for sample in samples))
    assert found.statistic * (groups - 1) == pytest.approx(wanted.statistic, rel=1e-4)
    assert found.p_value == pytest.approx(wanted.pvalue, rel=1e-3)


@pytest.mark.parametrize("groups, draws, most", [(2, 12, 0.08), (5, 12, 0.08), (20, 4, 0.11)])
def test_size_and_power(groups: int, draws: int, most: float) -> None:
    """400 sets of groups: size 5 % (binomial error 0.011), a doubled temperature seen but where draws are four."""
    generator = np.random.default_rng(1)
    rejected = np.zeros(2)
    for _ in range(400):
        samples = generator.gamma(30, 1 / 30, size=(groups, draws))
        rejected[0] += mutual_equilibrium([mean_of(s) for s in samples]).p_value <= 0.05
        samples[0] *= 2
        rejected[1] += mutual_equilibrium([mean_of(s) for s in samples]).p_value <= 0.05
    assert 0.02 < rejected[0] / 400 < most
    assert rejected[1] / 400 > (0.25 if draws == 4 else 0.99)


def test_spread_between_groups_is_found_and_signed() -> None:
    generator = np.random.default_rng(2)
    squares = []
    for true in (0.0, 0.3):
        found = []
        for _ in range(400):
            values = np.exp(true * generator.normal(size=10) + 0.1 * generator.normal(size=10))
            spread = mutual_equilibrium(_temperatures(values.tolist(), [0.1] * 10)).spread
            found.append(np.sign(spread) * spread**2)
        squares.append((np.mean(found), np.std(found) / 20))
    assert abs(squares[0][0]) < 3.5 * squares[0][1]
    assert abs(squares[1][0] - 0.09) < 3.5 * squares[1][1]


def test_layers_a_hundred_times_apart() -> None:
    found = mutual_equilibrium(_temperatures([1.0, 1.1, 120.0], [0.1, 0.1, 0.1], 11))
    assert found.p_value < 1e-6
    assert found.largest.where == (0, 2)
    assert found.largest.low < np.log(120) < found.largest.high


def test_refusals() -> None:
    with pytest.raises(RecordError, match="equilibrium with nothing"):
        mutual_equilibrium(_temperatures([1.0], [0.1]))
    with pytest.raises(RecordError, match=r"groups \[1\].*positive"):
        mutual_equilibrium([*_temperatures([1.0], [0.1]), Estimate(-0.1, 0.2, Kind.UNBIASED)])
    with pytest.raises(RecordError, match="no error"):
        mutual_equilibrium([*_temperatures([1.0], [0.1]), mean_of([1.0])])
