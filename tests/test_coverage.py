"""Error bars mean what they say: a smaller version of docs/coverage.md, and its known limits."""

from __future__ import annotations

import math

import pytest
import torch

from szilard.estimate import Estimate, Kind
from szilard.verify import Case, cases
from szilard.verify.coverage import (
    LEVEL,
    Coverage,
    count,
    coverage,
    ensemble_coverage,
    limits,
    probe_coverage,
    rejected,
)

pytestmark = pytest.mark.slow

REPLICATES = 400
BY_NAME = {case.name: case for case in cases()}


@pytest.fixture(scope="module", name="rows")
def _rows() -> list[Coverage]:
    """Every sampled estimator and system with 1,024 samples a step, ensembles of 256, probes of 64 inputs."""
    rows = [row for case in BY_NAME.values() for row in coverage(case, 1024, replicates=REPLICATES)]
    rows += [row for case in BY_NAME.values() for row in ensemble_coverage(case, 256, replicates=REPLICATES)]
    return [*rows, *probe_coverage(64, replicates=REPLICATES)]


def test_intervals_hold_the_truth_as_often_as_they_say(rows: list[Coverage]) -> None:
    assert len(rows) == 12 * len(BY_NAME) + 2 + 7
    assert [(row.system, row.estimator, row.share) for row in rejected(rows)] == []


def test_mean_coverage(rows: list[Coverage]) -> None:
    """All rows together resolve half a percent; rows of one system share samples, hence the allowance."""
    mean = sum(row.share for row in rows) / len(rows)
    assert abs(mean - LEVEL) < 0.006


def test_unbiased_estimators_are_unbiased(rows: list[Coverage]) -> None:
    """Among n rows, the largest |mean deviation| stays within the normal's share of one in a hundred for all."""
    unbiased = [row for row in rows if row.kind in (Kind.UNBIASED, Kind.EXACT)]
    limit = math.sqrt(2 * math.log(len(unbiased) / 0.005))
    assert max(abs(row.bias) for row in unbiased) < limit


def test_misses_fall_on_both_sides(rows: list[Coverage]) -> None:
    """Over all rows; a systematic bias would put them on one."""
    below = sum(row.below for row in rows)
    missed = sum(row.replicates - row.covered for row in rows)
    assert 0.4 < below / missed < 0.65


@pytest.mark.parametrize("estimator", ["work, k3", "work, reused"])
def test_known_limit_of_few_samples(estimator: str) -> None:
    """Sixteen samples of a large step: too short by skewness, almost all misses below the truth (docs/coverage.md)."""
    rows = coverage(BY_NAME["Gaussian, minibatches"], 16, replicates=REPLICATES)
    row = next(row for row in rows if row.estimator == estimator)
    assert 0.80 < row.share < 0.92
    assert row.below > 0.9 * (row.replicates - row.covered)


def test_known_limit_of_reuse() -> None:
    """Weights whose effective sample size is a hundredth leave intervals that are far too short."""
    system = BY_NAME["Gaussian, minibatches"].system
    drift = 0.35 * torch.arange(9, dtype=torch.float64)[:, None]
    rows = coverage(Case("drift", system, drift, segment=8), 256, replicates=200)
    assert next(row for row in rows if row.estimator == "work, reused").share < 0.6


def _estimate(kind: Kind, *, shift: float = 0.0, width: float = 1.0, replicates: int = 4000) -> Estimate:
    generator = torch.Generator().manual_seed(2)
    value = torch.randn(replicates, generator=generator, dtype=torch.float64) + shift
    return Estimate(value, torch.full_like(value, width), kind)


@pytest.mark.parametrize(
    ("kind", "shift", "width", "nominal"),
    [
        (Kind.UNBIASED, 0.0, 1.0, True),
        (Kind.UNBIASED, 0.0, 0.9, False),
        (Kind.UNBIASED, 0.0, 1.2, False),
        (Kind.UNBIASED, 0.5, 1.0, False),
        (Kind.LOWER, -3.0, 1.0, True),
        (Kind.LOWER, 2.0, 1.0, False),
        (Kind.UPPER, 3.0, 1.0, True),
        (Kind.UPPER, -2.0, 1.0, False),
    ],
)
def test_the_binomial_test_itself(kind: Kind, shift: float, width: float, nominal: bool) -> None:
    """Too short, too long, shifted; bounds are tested on the side they bound from."""
    row = count("normal", "mean", 1, 0.0, _estimate(kind, shift=shift, width=width))
    assert row.nominal(10) is nominal


def test_limits_widen_with_the_number_of_rows() -> None:
    alone, among = limits(1000, 1), limits(1000, 300)
    assert among[0] < alone[0] < 950 < alone[1] < among[1]
    assert alone == pytest.approx((932, 967), abs=1)


def test_nan_covers_nothing() -> None:
    value = torch.full((10,), math.nan, dtype=torch.float64)
    assert count("system", "broken", 1, 0.0, Estimate(value, value, Kind.UNBIASED)).covered == 0
