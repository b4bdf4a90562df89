"""At which steps an ensemble is recorded."""

from __future__ import annotations

import itertools

import pytest

from szilard import evenly, geometric
from szilard.ensemble.record_at import steps_of
from szilard.errors import SpecError


def test_geometric_steps_start_at_zero_and_end_at_the_end() -> None:
    steps = geometric(20).steps(12_000)
    assert len(steps) == 20 and steps[0] == 0 and steps[1] == 12 and steps[-1] == 12_000
    ratios = [late / early for early, late in itertools.pairwise(steps[1:])]
    assert max(ratios) / min(ratios) < 1.1


@pytest.mark.parametrize("last", [1, 2, 3, 7, 100])
def test_few_steps_give_few_records(last: int) -> None:
    steps = geometric(20).steps(last)
    assert list(steps) == sorted(set(steps)) and steps[0] == 0 and steps[-1] == last


def test_two_points_are_the_two_ends() -> None:
    assert geometric(2).steps(12_000) == (0, 12_000)


def test_even_steps_include_the_last() -> None:
    assert evenly(400).steps(1000) == (0, 400, 800, 1000)
    assert evenly(500).steps(1000) == (0, 500, 1000)


def test_steps_given_one_by_one_begin_with_the_start_and_end_with_the_end() -> None:
    assert steps_of((10, 50), 50) == (0, 10, 50)
    assert steps_of((10,), 50) == (0, 10, 50)
    for wrong in ((10, 5), (10, 10), (), (-1, 4), (10, 200)):
        with pytest.raises(SpecError, match="rising steps from 0 to at most 100"):
            steps_of(wrong, 100)
