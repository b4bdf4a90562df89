"""What is said of intervals agrees with a smaller version of docs/information-coverage.md."""

from __future__ import annotations

import pytest

from szilard.information import coverage_note
from szilard.information.measurement import MEASURED
from szilard.verify.case import teachers
from szilard.verify.information import calibrate

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("clusters", [6, 12])
def test_intervals_hold_the_truth_as_often_as_is_said(clusters: int) -> None:
    case = teachers("seeds", dataset=0.5, initialisation=0.6, order=0.6)
    rows = calibrate(case, (1, clusters, 3), 200, seed=61).coverage
    low, high = MEASURED[clusters]
    for row in rows:
        if not row.estimator.endswith("quadratic"):
            assert low - 0.055 < row.share <= min(high + 0.05, 1.0), row.estimator


def test_notes() -> None:
    assert "no intervals" in coverage_note(2)
    assert "with 24" in coverage_note(50)
    assert "train three" in coverage_note(12, seeds=2)
    assert "train three" not in coverage_note(12)
