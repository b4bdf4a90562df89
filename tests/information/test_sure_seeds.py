"""Sure members that disagree, and designs that are saturated: what the reported route makes of them."""

from __future__ import annotations

import numpy as np
import pytest

from szilard.information import Nesting, measure


def null(labels: int, strength: float, datasets: int, seed: int) -> np.ndarray:
    """Log probabilities of members whose datasets have no effect, (members, inputs, labels)."""
    fixed = np.random.default_rng(0)
    directions, tilt = fixed.normal(size=(20, 3)) / np.sqrt(3), np.linspace(-1, 1, labels)
    base = 0.5 * fixed.normal(size=(20, labels))
    theta = strength * np.random.default_rng(seed + 1).normal(size=(3 * datasets, 3))
    logits = base + (theta @ directions.T)[..., None] * tilt
    return np.asarray(logits - np.log(np.exp(logits).sum(-1, keepdims=True)))


@pytest.mark.parametrize("labels", [2, 3])
def test_sure_seeds_bias_it_by_half_an_error_at_most(labels: int) -> None:
    """The curve through one, two and three seeds alone lies .9 errors below the truth, which is 0."""
    nesting = Nesting.regular(datasets=24, seeds=3)
    found = [
        measure(nesting, null(labels, 5.0, 24, seed), blocks=(1,), permutations=1)["info_dataset"].value
        for seed in range(40)
    ]
    assert abs(np.mean(found)) < 0.7 * np.std(found)


def test_a_saturated_design_is_not_corrected_beyond_what_it_can_tell() -> None:
    """Six datasets whose members are sure of a label of their own: ln 6, a lower bound, and not some ln 6 + 1."""
    p = np.full((18, 4, 6), 1e-6)
    for member in range(18):
        p[member, :, member // 3] = 1 - 5e-6
    look = measure(Nesting.regular(datasets=6, seeds=3), np.log(p), blocks=(1,), permutations=1)
    assert look["info_dataset"].value == pytest.approx(np.log(6), abs=0.02)
    assert look["info_seed"].value == pytest.approx(0, abs=1e-3)
    assert look["l_info"].value == pytest.approx(look["info_dataset"].value + look["info_seed"].value, abs=1e-9)
    assert look["info_dataset_upper"].value > 2 * np.log(6)
