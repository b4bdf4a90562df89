"""The audit of honest records: every identity closes, whatever the design; every verdict follows from its interval."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import xarray as xr
from rich.console import Console

from szilard.audit import Audit, Basis, Subject, Verdict, audit
from szilard.verdicts.finding import judge

DESIGNS = {
    "one dataset": {"datasets": 1, "seeds": 5},
    "one seed": {"datasets": 5, "seeds": 1},
    "a dataset for each task": {"tasks": 4, "datasets": 1, "seeds": 3, "labelled": False},
    "two datasets": {"datasets": 2, "seeds": 2},
    "three levels": {"tasks": 3, "datasets": 3, "seeds": 2},
    "one dataset, crossed": {"datasets": 1, "seeds": (3, 3)},
}


def check(report: Audit) -> None:
    """What is true of the audit of every sound record."""
    assert report.subject is Subject.ENSEMBLE
    assert report.sound, report.verdict
    assert len({row.name for row in report.rows}) == len(report.rows)
    for row in report.rows:
        if row.verdict is Verdict.UNCHECKABLE:
            assert len(row.detail) > 20, row.name
            assert row.detail.endswith("."), row.name
            continue
        assert row.interval is not None, row.name
        assert row.bound is not None, row.name
        assert row.measure, row.name
        assert not row.interval[0] > row.effect, row.name
        assert not row.interval[1] < row.effect, row.name
        if row.verdict is not Verdict.UNDECIDED:
            assert judge(row.interval, row.bound) is row.verdict, row.name
        if row.basis is Basis.CONSTRUCTION:
            assert row.verdict is Verdict.HELD, row.name
        assert "nan" not in row.detail, row.name
    json.loads(report.to_json())


def test_a_sound_record_passes(learned: xr.DataTree) -> None:
    report = audit(learned)
    check(report)
    assert sum(row.basis is Basis.CONSTRUCTION for row in report.rows) == 18
    assert report.verdict.startswith("The numbers stand: 18 of 18 identities close")
    assert "cannot be checked on this ensemble" in report.verdict
    assert "a single run" not in report.verdict
    assert "Did not hold in this ensemble: I(X;Θ) is a proxy for L-info" in report.verdict
    assert "exact system" not in report.verdict


@pytest.mark.parametrize("name", DESIGNS)
def test_every_design_is_audited(name: str, honest: Callable[..., xr.DataTree], tmp_path: Path) -> None:
    tree = honest(tmp_path / "run", **DESIGNS[name])
    report = audit(tree)
    if name in ("two datasets", "one dataset, crossed"):  # no error bars, so nothing that has one is decided
        assert report["one point stands for p(Θ)"].verdict is Verdict.UNDECIDED
        assert report.sound
    else:
        check(report)
    assert report["enough clusters for the error bars"].verdict is Verdict.FAILED
    assert report["white noise"].verdict is Verdict.UNCHECKABLE
    if name == "one dataset":
        assert "one dataset" in report["datasets leave a trace"].detail


def test_a_crossed_record_with_a_member_that_diverged(crossed: xr.DataTree) -> None:
    report = audit(crossed)
    check(report)
    row = report["members that diverged"]
    assert (row.effect, row.verdict) == (1, Verdict.FAILED)
    assert "member 5 at step 32" in row.detail
    assert report.verdict.startswith("The numbers stand within limits (members that diverged")
    assert report["seed information adds up"].verdict is Verdict.HELD
    assert report["means of the members"].verdict is Verdict.HELD


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_hardly_anything_recorded(rows: int, learned: xr.DataTree) -> None:
    groups = {name: learned[name].to_dataset().isel(step=slice(0, rows)) for name in ("ledger", "information")}
    tree = xr.DataTree.from_dict(groups)
    tree.attrs = {**learned.attrs, "status": "incomplete"}
    report = audit(tree)
    assert report["complete record"].verdict is Verdict.FAILED
    assert report.sound
    assert json.loads(report.to_json())["rows"]


def test_a_record_that_says_little_of_itself(learned: xr.DataTree) -> None:
    tree = learned.copy()
    tree.attrs = {}
    report = audit(tree)
    assert report.sound
    assert report["dim Θ ≫ dim X"].verdict is Verdict.UNCHECKABLE
    assert report["one point stands for p(Θ)"].verdict is Verdict.UNDECIDED


def test_the_table_has_a_section_of_its_own_for_the_exact_system(crossed: xr.DataTree) -> None:
    out = io.StringIO()
    Console(file=out, width=100, force_terminal=False).print(audit(crossed).table())
    text = out.getvalue()
    assert max(map(len, text.splitlines())) <= 100
    for word in ("On an exact system, not on this record", "By construction", "Cannot be checked here", "(≤ 0.1)"):
        assert word in text.replace("\u00a0", " "), word


def test_a_single_run_has_no_such_section(learned: xr.DataTree) -> None:
    report = Audit(tuple(row for row in audit(learned).rows if row.basis is not Basis.EXACT))
    assert [heading for heading, _ in report.sections()] == ["Tested", "By construction", "Cannot be checked here"]
    assert "on a single run" in report.verdict


def test_a_row_in_the_making_is_no_gap(learned: xr.DataTree) -> None:
    """The information of a record is written before its ledger."""
    ledger = learned["ledger"].to_dataset()
    tree = xr.DataTree.from_dict(
        {"ledger": ledger.isel(step=slice(0, -1)), "information": learned["information"].to_dataset()}
    )
    tree.attrs = {**learned.attrs, "status": "incomplete"}
    assert audit(tree)["no gaps"].verdict is Verdict.HELD
    tree.attrs = {**learned.attrs, "status": "complete"}
    assert audit(tree)["no gaps"].verdict is Verdict.FAILED


def test_steps_out_of_order_are_counted_not_stumbled_over(learned: xr.DataTree) -> None:
    groups = {name: learned[name].to_dataset().isel(step=[0, 1, 1, 2, 3]) for name in ("ledger", "information")}
    tree = xr.DataTree.from_dict(groups)
    tree.attrs = dict(learned.attrs)
    row = audit(tree)["no gaps"]
    assert (row.effect, row.verdict) == (2, Verdict.FAILED)
