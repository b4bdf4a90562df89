"""The label-free stopping point: paired errors."""

from __future__ import annotations

import numpy as np

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
