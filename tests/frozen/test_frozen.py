"""Old records of every kind read as they did, in numbers and audits, and are still summed up and drawn.

Everything goes through the public doors, so that rooms may be moved behind them. ``python tests/frozen/rewrite.py``
takes what is said today for right.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import frozen_comparison as comparison
import frozen_records as frozen
import pytest

import szilard

Opened = Callable[[str], szilard.Run]


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    """Opens a record by its name; each process of the tests unpacks it once, into a directory of its own."""
    directory = tmp_path_factory.mktemp("frozen")
    known: dict[str, szilard.Run] = {}

    def open_(name: str) -> szilard.Run:
        if name not in known:
            known[name] = szilard.open(frozen.unpack(name, directory))
        return known[name]

    return open_


@pytest.fixture(scope="session")
def readings() -> dict[str, Any]:
    """By record, what its tree, its data and some of its estimates were."""
    return json.loads(frozen.ESTIMATES.read_text(encoding="utf-8"))


def check(found: list[str]) -> None:
    if found:
        pytest.fail("\n".join(found), pytrace=False)


@pytest.mark.parametrize("name", frozen.RECORDS)
def test_an_old_record_opens_and_holds_its_numbers(name: str, opened: Opened, readings: dict[str, Any]) -> None:
    run, old = opened(name), readings[name]
    now = frozen.readings_of(run, old["estimates"])
    check(comparison.json_differences(old, now, 1e-9))
    assert run.attributes.get("kind_of_run", "single") == frozen.RECORDS[name]


@pytest.mark.parametrize("name", frozen.RECORDS)
def test_an_old_record_is_judged_as_it_was(name: str, opened: Opened) -> None:
    check(frozen.differences(name, frozen.audit_of(opened(name))))


@pytest.mark.parametrize("name", frozen.RECORDS)
def test_an_old_record_is_summed_up_and_drawn(name: str, opened: Opened, tmp_path: Path) -> None:
    run = opened(name)
    assert len(run.summary().splitlines()) > 3
    page = run.report(tmp_path / "report.html").read_text(encoding="utf-8")
    drawn = page.count('<script type="application/json" id="')
    assert (drawn > 0) == (name != "single-start")  # of one row there is nothing to draw


def test_nothing_is_frozen_twice_or_forgotten() -> None:
    records, audits = ({path.name for path in (frozen.HERE / each).iterdir()} for each in ("records", "audits"))
    assert records == {f"{name}.tar.gz" for name in frozen.RECORDS}
    assert audits == {f"{name}.json" for name in frozen.RECORDS}


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("W  1.51 ± 0.12 nat", "W 1.51 ± 0.12\nnat", True),
        ("W 1.51 ± 0.12 nat", "W 1.52 ± 0.12 nat", True),
        ("W 1.51 ± 0.12 nat", "W 1.53 ± 0.12 nat", False),
        ("14 held", "15 held", False),
        ("of 1,600 steps", "of 1,601 steps", False),
        ("at most 8.9e-16", "at most 0.0e+00", True),
        ("−1.2e-05", "−1.3e-05", True),
        ("(6.41 ± 0.95)·10⁻⁵", "(6.41 ± 0.95)·10⁻⁴", False),
        ("layer 1 held", "layer 1 failed", False),
    ],
)
def test_texts_are_compared_word_by_word_and_number_by_number(old: str, new: str, same: bool) -> None:
    assert (not comparison.text_differences(old, new)) == same


@pytest.mark.parametrize(
    ("new", "same"),
    [
        ({"a": [1.0, 2.0], "b": "two 2"}, True),
        ({"a": [1.0 + 1e-8, 2.0], "b": "two  2"}, True),
        ({"a": [1.0 + 1e-4, 2.0], "b": "two 2"}, False),
        ({"a": [1.0, None], "b": "two 2"}, False),
        ({"a": [1.0, 2.0, 3.0], "b": "two 2"}, False),
        ({"b": "two 2", "a": [1.0, 2.0]}, False),
        ({"a": [1.0, 2.0], "b": "two 3"}, False),
    ],
)
def test_values_are_compared_place_by_place(new: Any, same: bool) -> None:
    assert (not comparison.json_differences({"a": [1.0, 2.0], "b": "two 2"}, new, 1e-6)) == same
