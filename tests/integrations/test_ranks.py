"""Frameworks that train on two ranks, by real processes: rank 0 writes, the other does nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import szilard

pytestmark = pytest.mark.slow
Found = dict[str, Any]


@pytest.fixture(scope="module")
def ranks(two_ranks: Callable[[Path, Path], tuple[Found, Found]], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What each of the two saw, by framework."""
    return two_ranks(Path(__file__).with_name("two_ranks.py"), tmp_path_factory.mktemp("ranks"))


@pytest.mark.parametrize("framework", ["accelerate", "trainer"])
def test_watching_leaves_no_trace_on_any_rank(ranks: tuple[Found, Found], framework: str) -> None:
    assert [each[framework]["same"] for each in ranks] == [True, True]


def test_accelerate_is_recorded_by_the_first_rank(ranks: tuple[Found, Found]) -> None:
    """Six batches a rank are three steps; six forward passes are the loop's own."""
    first, other = (each["accelerate"] for each in ranks)
    run = szilard.open(first["run"])
    assert run.complete and run.data.step.values.tolist() == [0, 1, 2, 3]
    assert [run.data.work.values[-1], run.data.heat.values[-1]] == pytest.approx(first["unwatched"], rel=1e-5)
    assert other["run"] is None and other["watched"] == 6 < first["watched"]


def test_a_trainer_is_recorded_by_the_first_rank(ranks: tuple[Found, Found]) -> None:
    first, other = (each["trainer"] for each in ranks)
    run = szilard.open(first["run"])
    assert run.complete and run.data.step.values.tolist() == [0, 2, 4]
    assert run.attributes["ranks"] == {"count": 2, "sharded": False} and run.data.work.values[-1] > 0
    assert other["watched"] == other["unwatched"] < first["watched"]
