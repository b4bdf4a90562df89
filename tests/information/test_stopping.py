"""The label-free stopping point: paired errors, size and power."""

from __future__ import annotations

import numpy as np
import pytest

from szilard.information import label_free_stop


def test_paired_errors_resolve_a_rise_that_independent_ones_hide() -> None:
    """Clusters differ much from one another, and all rise alike."""
    level = np.linspace(-1, 1, 6)
    curve = np.array([2.0, 1.0, 1.2])
    noise = 0.01 * np.random.default_rng(0).normal(size=(3, 6))
    deleted = curve[:, None] + level + noise
    assert not label_free_stop([0, 1, 2], curve, 0.8).resolved
    assert label_free_stop([0, 1, 2], curve, 0.8, deleted=deleted).resolved
    assert not label_free_stop(
        [0, 1, 2], curve, 0.8, deleted=curve[:, None] + level * np.array([[1], [1], [2]])
    ).resolved


def look(curves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean over clusters of noisy curves (records, clusters), and with each left out."""
    count = curves.shape[1]
    mean = curves.mean(1)
    return mean, (count * mean[:, None] - curves) / (count - 1)


@pytest.mark.parametrize(("clusters", "records", "memory"), [(3, 20, 0.5), (6, 12, 0.0), (6, 40, 0.9), (24, 20, 0.9)])
def test_nothing_is_resolved_where_nothing_changes(clusters: int, records: int, memory: float) -> None:
    """A selected minimum and a selected later record: their difference alone would be beyond 95 % in up to a half."""
    generator = np.random.default_rng(0)
    found = []
    for _ in range(200):
        noise = generator.normal(size=(records, clusters))
        for t in range(1, records):
            noise[t] = memory * noise[t - 1] + np.sqrt(1 - memory**2) * noise[t]
        curve, deleted = look(noise)
        found.append(label_free_stop(range(records), curve, deleted=deleted).resolved)
    assert np.mean(found) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)


@pytest.mark.parametrize("clusters", [3, 6, 24])
def test_a_rise_of_some_errors_is_resolved(clusters: int) -> None:
    """Down and up again by ten errors of a record, with the clusters' own levels in all of them."""
    generator = np.random.default_rng(1)
    course = 10 * np.abs(np.linspace(-1, 1, 15))[:, None] / np.sqrt(clusters)
    found = []
    for _ in range(40):
        noise = generator.normal(size=(15, clusters)) + 30 * generator.normal(size=clusters)
        curve, deleted = look(course + noise)
        found.append(label_free_stop(range(15), curve, deleted=deleted).resolved)
    assert np.mean(found) > (0.5 if clusters == 3 else 0.9)


def test_naive_folds() -> None:
    """Three clusters, by hand: each asked between the records that the two others chose."""
    values = np.array([[3.0, 3.2, 2.9], [1.0, 1.1, 1.3], [1.4, 0.9, 1.0], [2.0, 2.2, 2.5]])
    rises = [values[3, 0] - values[2, 0], values[3, 1] - values[1, 1], values[3, 2] - values[1, 2]]
    t = np.mean(rises) / (np.std(rises, ddof=1) / np.sqrt(3))
    curve, deleted = look(values)
    assert label_free_stop(range(4), curve, deleted=deleted).resolved == (t > 5.6428)
    assert not label_free_stop(range(4), curve, deleted=deleted * np.nan, error=2.0).resolved
