"""Quantities that are known between bounds: what 0 says, and what a bound from below that says nothing leaves."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from szilard.estimate import Estimate, Kind
from szilard.studies.kits.watched.between import between


def reading(**values: tuple[float, float]) -> Any:
    return SimpleNamespace(
        has=lambda *names: all(name in values for name in names), at=lambda name: Estimate(*values[name], Kind.UPPER)
    )


@pytest.mark.parametrize("below", [(-5.5e12, 4.3e12), (-0.1, 0.01), (0.01, 0.01), (0.0, 0.0)])
def test_a_bound_from_below_that_says_nothing_is_nought(below: tuple[float, float]) -> None:
    given = reading(
        work=(66.0, 1.0), work_lower=below, heat=(5.5e12, 4.3e12), heat_lower=(-240.0, 1.5),
        entropy_change=(-135.0, 2.0), entropy_change_lower=(-175.0, 2.0),
    )  # fmt: skip
    work, heat = between(given, "work"), between(given, "heat")
    assert work is not None and heat is not None
    assert work.vacuous and (work.below.value, work.below.error) == (0.0, 0.0) and work.above.value == 66.0
    assert (heat.above.value, heat.above.error) == (-135.0, 2.0) and heat.below.value == -240.0
    change = between(given, "entropy_change")
    assert change is not None and change.below.value == -175.0


def test_a_bound_that_says_something_stays() -> None:
    given = reading(work=(3.0, 0.1), work_lower=(2.3, 0.1), heat=(-27.2, 0.1), heat_lower=(-28.0, 0.1))
    assert between(given, "work") == (given.at("work_lower"), given.at("work"), False)
    assert between(given, "heat") == (given.at("heat_lower"), given.at("heat"), False)
    assert between(reading(work=(3.0, 0.1)), "work") is None


def test_nothing_moved() -> None:
    found = between(reading(work=(0.0, 0.0), work_lower=(0.0, 0.0)), "work")
    assert found is not None and not found.vacuous
