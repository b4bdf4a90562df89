"""Efficiency against its definition, its jackknife written out, and where it is undefined."""

from __future__ import annotations

import math

import numpy as np
import pytest

from szilard.errors import SpecError
from szilard.information import Nesting, change, efficiency, measure

NESTING = Nesting.regular(datasets=5, seeds=2)


def laws(strength: float, seed: int = 0) -> np.ndarray:
    """Log-probabilities of 10 members that differ by data set and seed in proportion to ``strength``."""
    rng = np.random.default_rng(seed)
    logits = strength * (rng.normal(size=(5, 1, 1, 6)) + 0.3 * rng.normal(size=(5, 2, 1, 6))).reshape(10, 1, 6)
    return np.asarray(logits - np.log(np.exp(logits).sum(-1, keepdims=True)))


def test_the_definition_and_its_jackknife() -> None:
    production = np.linspace(0.1, 0.4, 10)
    before, after = laws(0.1), laws(1.0)
    found = efficiency(measure(NESTING, before), measure(NESTING, after), production)
    learned = change(measure(NESTING, before), measure(NESTING, after), "l_info").value
    assert found.value == pytest.approx(learned / (learned + production.mean()), rel=1e-12)
    left = []
    for dataset in range(5):
        keep = np.arange(10) // 2 != dataset
        one, other = (measure(NESTING, law, keep=keep) for law in (before, after))
        gained = other["l_info"].value - one["l_info"].value
        left.append(gained / (gained + production[keep].mean()))
    assert found.error == pytest.approx(math.sqrt(4 * np.var(left)), rel=1e-6)
    assert found.degrees_of_freedom == 4


def test_nothing_dissipated_is_all_efficient() -> None:
    found = efficiency(measure(NESTING, laws(0.1)), measure(NESTING, laws(1.0)), np.zeros(10))
    assert found.value == pytest.approx(1) and found.error == pytest.approx(0, abs=1e-12)


def test_undefined_where_information_was_lost() -> None:
    found = efficiency(measure(NESTING, laws(1.0)), measure(NESTING, laws(0.1)), np.full(10, 0.1))
    assert math.isnan(found.value) and math.isnan(found.error)


def test_one_production_for_each_member() -> None:
    with pytest.raises(SpecError, match="give one for each"):
        efficiency(measure(NESTING, laws(0.1)), measure(NESTING, laws(1.0)), np.zeros(3))
