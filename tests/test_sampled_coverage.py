"""Error bars of sampled runs mean what they say: a smaller version of docs/sampled-coverage.md."""

from __future__ import annotations

from dataclasses import replace

import pytest

from szilard.verify.coverage import Coverage, rejected
from szilard.verify.families import family_coverage
from szilard.verify.families_case import family_cases

pytestmark = pytest.mark.slow

REPLICATES = 60
STEPS = 4
WATCHED = ("Gaussian, sampled", "text", "PCA between bounds", "lagged Gaussian")
"""One system for each capability."""


@pytest.fixture(scope="module", name="rows")
def _rows() -> dict[str, list[Coverage]]:
    cases = {case.name: replace(case, path=case.path[: STEPS + 1]) for case in family_cases()}
    return {
        name: list(family_coverage(cases[name].with_samples(256 if name != "text" else 64), replicates=REPLICATES))
        for name in WATCHED
    }


def test_intervals_hold_the_truth_as_often_as_they_say(rows: dict[str, list[Coverage]]) -> None:
    """Work and length of few samples are known to fall short (docs/sampled-coverage.md), though not in so few runs."""
    everything = [row for name in WATCHED for row in rows[name]]
    assert [(row.system, row.estimator, row.share) for row in rejected(everything)] == []


def test_mean_coverage(rows: dict[str, list[Coverage]]) -> None:
    two_sided = [row for name in WATCHED for row in rows[name] if row.kind not in ("lower", "upper")]
    assert 0.90 < sum(row.share for row in two_sided) / len(two_sided) < 0.98


def test_every_essential_quantity_is_counted(rows: dict[str, list[Coverage]]) -> None:
    for name in WATCHED:
        assert {row.estimator for row in rows[name]} >= {"work", "heat", "entropy", "fluctuation"}
    assert {row.estimator for row in rows["lagged Gaussian"]} >= {"work dissipated", "free energy change", "jarzynski"}
