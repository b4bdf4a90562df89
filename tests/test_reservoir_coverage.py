"""Error bars of the reservoir mean what they say: a smaller version of docs/reservoir-coverage.md, and known limits."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
import torch

from szilard.estimate import Estimate, Kind
from szilard.verify.coverage import LEVEL, Coverage, limits, rejected
from szilard.verify.reservoir import _deviations, alarms, reservoir_coverage
from szilard.verify.reservoir_case import ReservoirCase, reservoir_cases
from szilard.verify.row import Comparison

pytestmark = pytest.mark.slow

REPLICATES = 100
STEPS = 256
CASES = {case.name: case for case in reservoir_cases()}
ZERO = {"EP per step, fitted", "irreversibility", "anisotropy", "EP by the current"}
"""Squares that are 0, or nearly, in equilibrium: their errors are too wide on purpose."""


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module", name="rows")
def _rows() -> list[Coverage]:
    return [row for case in CASES.values() for row in reservoir_coverage(case, STEPS, replicates=REPLICATES)]


def zero(row: Coverage) -> bool:
    return row.system == "gyrator in equilibrium" and row.estimator in ZERO


def test_intervals_hold_the_truth_as_often_as_they_say(rows: list[Coverage]) -> None:
    poor = [row for row in rejected(rows) if not zero(row) and "scale" not in row.estimator]
    assert [(row.system, row.estimator, row.share) for row in poor] == []


def test_mean_coverage(rows: list[Coverage]) -> None:
    """All rows together resolve a percent."""
    shares = [row.share for row in rows if not zero(row)]
    assert abs(sum(shares) / len(shares) - LEVEL) < 0.015


def test_where_there_is_nothing_nothing_is_found(rows: list[Coverage]) -> None:
    """Intervals of squares that are 0 hold it more often than they promise, never less."""
    found = [row for row in rows if zero(row)]
    assert len(found) == len(ZERO)
    assert all(row.covered >= limits(REPLICATES, len(found))[0] for row in found)


def test_pure_noise_has_a_row_for_everything_that_exists(rows: list[Coverage]) -> None:
    """Temperatures and noise, no drift of c, and a signal of 0."""
    of_noise = {row.estimator: row for row in rows if row.system == "pure noise"}
    assert {"signal, halves", "noise, halves", "T kinetic", "T of the noise", "drift of ln c"} <= of_noise.keys()
    assert not {"T configurational", "Var θ, time average", "scale, halves"} & of_noise.keys()
    assert of_noise["signal, halves"].share > 0.87


def test_size_and_power_of_the_tests_of_equilibrium() -> None:
    """Binomial, four sigma: one in twenty where the hypothesis holds, always where it plainly does not."""
    error = math.sqrt(0.05 * 0.95 / REPLICATES)
    for row in alarms(CASES["gyrator in equilibrium"], STEPS, replicates=REPLICATES):
        assert abs(row.rejected / REPLICATES - 0.05) < 4 * error, row
    for row in alarms(CASES["gyrator"], STEPS, replicates=REPLICATES):
        assert row.rejected > 0.95 * REPLICATES, row
    rejections = {row.test: row.rejected for row in alarms(CASES["SGD, two directions"], STEPS, replicates=REPLICATES)}
    assert rejections["canonical state"] > 0.95 * REPLICATES
    assert rejections["detailed balance"] < (0.05 + 4 * error) * REPLICATES


def test_the_count_itself() -> None:
    """Too short and shifted intervals are counted as such, whatever the degrees of freedom."""
    generator = torch.Generator().manual_seed(1)
    values = torch.randn(2000, 6, generator=generator, dtype=torch.float64)
    means, errors = values.mean(1), values.std(1) / math.sqrt(6)

    def share(shift: float, width: float) -> float:
        rows = [
            Comparison("normal", "mean", 3.0, Estimate(3.0 + shift + float(m), width * float(e), Kind.UNBIASED, 5.0))
            for m, e in zip(means, errors, strict=True)
        ]
        low, high = _deviations(rows).interval()
        return float(((low <= 0) & (high >= 0)).mean())

    assert abs(share(0.0, 1.0) - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 2000)
    assert share(0.0, 0.6) < 0.9
    assert share(1.0, 1.0) < 0.7


@pytest.mark.parametrize("name", CASES)
def test_no_more_than_a_few_runs_are_in_memory(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are simulated in portions, all different."""
    from szilard.verify import reservoir as module

    case: ReservoirCase = CASES[name]
    monkeypatch.setattr(module, "_AT_ONCE", 2)
    starts = [float(seen.gradient[0, 0, 0]) for seen in module._all_runs(case, 8, 5, seed=1)]
    assert len(set(starts)) == 5
