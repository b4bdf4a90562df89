"""Old records of every kind read as they did: their numbers, audits, summaries and pages.

Everything goes through the public doors, so that rooms may be moved behind them. What is meant to change is listed in
``frozen_snapshots.MEANT``, or ``python tests/frozen/rewrite.py`` takes all of it for right.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import frozen_comparison as comparison
import frozen_snapshots as snapshots
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
            known[name] = szilard.open(snapshots.unpack(name, directory))
        return known[name]

    return open_


@pytest.fixture(scope="session")
def readings() -> dict[str, Any]:
    """By record, what its tree, its data and some of its estimates were."""
    return json.loads(snapshots.ESTIMATES.read_text(encoding="utf-8"))


def check(found: list[str]) -> None:
    if found:
        pytest.fail("\n".join(found), pytrace=False)


@pytest.mark.parametrize("name", snapshots.RECORDS)
def test_an_old_record_opens_and_holds_its_numbers(name: str, opened: Opened, readings: dict[str, Any]) -> None:
    run, old = opened(name), readings[name]
    now = snapshots.readings_of(run, old["estimates"])
    check(comparison.json_differences(old, now, 1e-9))
    assert run.attributes.get("kind_of_run", "single") == snapshots.RECORDS[name]


@pytest.mark.parametrize("part", ["audit", "summary", "page"])
@pytest.mark.parametrize("name", snapshots.RECORDS)
def test_an_old_record_reads_as_it_did(name: str, part: str, opened: Opened) -> None:
    said = {"audit": snapshots.audit_of, "summary": snapshots.summary_of, "page": snapshots.page_of}[part]
    check(snapshots.differences(part, name, said(opened(name))))


def test_nothing_is_frozen_twice_or_forgotten() -> None:
    folder = snapshots.HERE / "records"
    assert {path.name.removesuffix(".tar.gz") for path in folder.iterdir()} == set(snapshots.RECORDS)
    kept = {path for each in ("audits", "summaries", "pages") for path in (snapshots.HERE / each).iterdir()}
    assert kept == {
        snapshots.path_of(part, name) for part in ("audit", "summary", "page") for name in snapshots.RECORDS
    }


def test_what_is_meant_to_differ_does() -> None:
    for kind, rules in snapshots.MEANT.items():
        for rule in rules:
            assert rule.reason and snapshots.finds_something(kind, rule), (kind, rule)


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
