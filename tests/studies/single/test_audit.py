"""The audit of a sound record, of records with one thing wrong each, and its table and JSON."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import numpy as np
import pytest
import torch
import xarray as xr
from rich.console import Console

from szilard.audit import Basis, Verdict, audit
from szilard.studies.kits.watched.drift import momentum_of
from szilard.verdicts.finding import judge


def test_a_sound_record_passes(learned: xr.DataTree) -> None:
    report = audit(learned)
    assert report.sound
    assert report.verdict.startswith("The numbers stand")
    constructed = [row for row in report.rows if row.basis is Basis.CONSTRUCTION]
    assert len(constructed) == 9
    assert all(row.verdict is Verdict.HELD for row in constructed)
    assert report["work, sampled against exact"].verdict is Verdict.HELD
    assert report["fluctuation theorem, sampled"].verdict is Verdict.HELD
    assert report["drift"].verdict is Verdict.HELD
    assert report["independence of the interval"].verdict is Verdict.FAILED
    assert len({row.name for row in report.rows}) == len(report.rows)


def test_held_means_inside_the_bound(learned: xr.DataTree) -> None:
    for row in audit(learned).rows:
        if row.verdict in (Verdict.HELD, Verdict.FAILED):
            assert row.interval is not None and row.bound is not None
            assert judge(row.interval, row.bound) is row.verdict
        if row.verdict is Verdict.UNCHECKABLE:
            assert len(row.detail) > 20


def scale(name: str, factor: float, group: str = "ledger") -> Callable[[dict[str, xr.Dataset]], None]:
    def tamper(groups: dict[str, xr.Dataset]) -> None:
        groups[group][name] = groups[group][name] * factor

    return tamper


TAMPERED = {
    "first law": scale("heat", -1.0),
    "work is entropy production": scale("ep_conditional", 1 + 1e-6),
    "energy is entropy": scale("energy", 1.001),
    "second law": scale("ep_conditional", -1.0),
    "fluctuation theorem, exact sum": scale("fluctuation", 1 + 1e-7),
    "speed limit": scale("length", 1.5),
    "one-sided speed limit": scale("length", 3.0),
    "order of lengths": scale("length_rms", 0.9),
    "entropy production along paths": scale("heat_sampled", -1.0, "samples"),
    "entropy, sampled against exact": lambda groups: groups["samples"].update(
        {"entropy_discrepancy": groups["samples"]["entropy_discrepancy"] + 0.3}
    ),
}


@pytest.mark.parametrize("row", TAMPERED)
def test_each_thing_wrong_fails_its_row(row: str, learned: xr.DataTree) -> None:
    groups = {name: learned[name].to_dataset().copy(deep=True) for name in ("ledger", "samples")}
    TAMPERED[row](groups)
    tree = xr.DataTree.from_dict(groups)
    tree.attrs = dict(learned.attrs)
    report = audit(tree)
    assert report[row].verdict is Verdict.FAILED
    assert not report.sound
    assert row in report.verdict


def test_stale_samples_do_not_pass(builders: dict) -> None:
    phis = builders["train"](200, lambda p: torch.optim.SGD(p, lr=1.0), noise=False)
    fresh, stale = audit(builders["record"](phis, labels=400)), audit(builders["record"](phis, labels=400, stale=1))
    for row in ("work, sampled against exact", "fluctuation theorem, sampled"):
        assert fresh[row].verdict is Verdict.HELD
        assert stale[row].verdict is not Verdict.HELD
    assert "biased" in stale["work, sampled against exact"].detail


def test_a_small_but_certain_bias_is_not_held(learned: xr.DataTree) -> None:
    groups = {name: learned[name].to_dataset().copy(deep=True) for name in ("ledger", "samples")}
    flow = float(groups["ledger"]["work"][-1])
    groups["samples"]["work_discrepancy"][-1] = 0.5 * flow
    groups["samples"]["work_discrepancy_error"][-1] = 0.01 * flow
    tree = xr.DataTree.from_dict(groups)
    row = audit(tree)["work, sampled against exact"]
    assert row.verdict is Verdict.UNDECIDED
    assert "biased" in row.detail


def test_few_rows_of_samples_decide_nothing(learning: torch.Tensor, builders: dict) -> None:
    row = audit(builders["record"](learning, rows=19, labels=64))["work, sampled against exact"]
    assert row.verdict is Verdict.UNDECIDED
    assert "At least 20 rows" in row.detail


@pytest.mark.parametrize("status", ["running", "broken"])
def test_a_record_that_is_not_whole_says_so(status: str, learned: xr.DataTree) -> None:
    tree = learned.copy()
    tree.attrs = {**learned.attrs, "status": status, "broken_at_step": 601, "broken_because": "logits are NaN"}
    report = audit(tree)
    row = report["complete record"]
    assert row.verdict is Verdict.FAILED
    assert report.sound
    assert report.verdict.startswith("The record does not cover the whole run")
    assert ("NaN" in row.detail) == (status == "broken")


def test_rows_without_numbers_are_set_aside(learned: xr.DataTree) -> None:
    ledger = learned["ledger"].to_dataset().copy(deep=True)
    ledger["work"][-3:] = np.nan
    tree = xr.DataTree.from_dict({"ledger": ledger})
    report = audit(tree)
    assert "3 records without finite numbers" in report["complete record"].detail
    assert report["first law"].verdict is Verdict.HELD
    assert report["sampled against exact"].verdict is Verdict.UNCHECKABLE


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_hardly_anything_recorded(rows: int, learned: xr.DataTree) -> None:
    groups = {name: learned[name].to_dataset().isel(step=slice(0, rows)) for name in ("ledger", "samples")}
    tree = xr.DataTree.from_dict(groups)
    report = audit(tree)
    assert report["drift"].verdict is Verdict.UNDECIDED
    assert json.loads(report.to_json())["rows"]


def test_gaps_are_counted(learned: xr.DataTree) -> None:
    groups = {"ledger": learned["ledger"].to_dataset().drop_isel(step=[10, 20])}
    row = audit(xr.DataTree.from_dict(groups))["no gaps"]
    assert (row.effect, row.verdict) == (2, Verdict.FAILED)


def test_a_rough_forward_pass_is_never_held(learned: xr.DataTree) -> None:
    tree = learned.copy()
    assert audit(tree)["precision floor"].verdict is Verdict.HELD
    tree.attrs = {**learned.attrs, "forward_flagged": True, "forward_precision": "bfloat16"}
    assert audit(tree)["precision floor"].verdict is Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("quadratic", "verdict"), [(None, Verdict.UNDECIDED), (0.97, Verdict.HELD), (0.5, Verdict.FAILED)]
)
def test_rounding_is_judged_by_the_fisher_form(learned: xr.DataTree, quadratic: float | None, verdict: Verdict) -> None:
    """A high floor alone accuses nobody: models that follow closely upon one another round alike."""
    ledger = learned["ledger"].to_dataset().copy(deep=True)
    ledger["precision_floor"] = 10 * ledger["work"]
    if quadratic is not None:
        ledger["work_quadratic"] = quadratic * ledger["work"]
    tree = xr.DataTree.from_dict({"ledger": ledger})
    assert audit(tree)["precision floor"].verdict is verdict


@pytest.mark.slow
def test_noise_is_called_noise(noise: torch.Tensor, builders: dict) -> None:
    report = audit(builders["record"](noise, rows=2))
    assert report["drift"].verdict is Verdict.FAILED
    assert "No learning visible" in report["drift"].detail
    assert (
        "Did not hold at this measuring interval (another may differ): drift; quasi-static learning." in report.verdict
    )
    assert report["independence of the interval"].verdict is Verdict.HELD
    assert report["quasi-static learning"].verdict is Verdict.FAILED


@pytest.mark.parametrize(
    ("optimizer", "momentum"),
    [
        ({"class": "SGD", "momentum": 0.9}, 0.9),
        ({"class": "AdamW", "betas": [0.8, 0.999]}, 0.8),
        ({"class": "Adam", "defaults": {"betas": [0.7, 0.9]}}, 0.7),
        ({"class": "SGD", "momentum": 0}, 0.0),
        ({"class": "SGD", "momentum": 0, "groups": [{"momentum": 0.5}, {"momentum": 0.9}, 3]}, 0.9),
        ({"class": "SGD + Adam", "momentum": 0, "optimizers": [{}, {"groups": [{"betas": [0.9, 0.99]}]}]}, 0.9),
        ({"class": "SGD", "momentum": 0.5, "groups": "many"}, 0.5),
        ({"class": "Odd", "momentum": "much"}, 0.0),
        (None, 0.0),
    ],
)
def test_momentum_is_read_from_the_record(optimizer: object, momentum: float) -> None:
    assert momentum_of(optimizer) == momentum


def test_the_table_fits_a_hundred_columns(learned: xr.DataTree) -> None:
    tree = learned.copy()
    tree.attrs = {**learned.attrs, "name": "[red]odd[/red]"}
    out = io.StringIO()
    Console(file=out, width=100, force_terminal=False).print(audit(tree).table())
    text = out.getvalue()
    assert max(map(len, text.splitlines())) <= 100
    assert "[red]odd[/red]" in text
    for word in ("held", "failed", "unchecked", "By construction", "first law", "…"):
        assert (word in text) == (word != "…"), word


def test_json_is_strict(learned: xr.DataTree) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    parsed = json.loads(audit(learned).to_json(), parse_constant=refuse)
    row = next(row for row in parsed["rows"] if row["name"] == "drift")
    assert row["bound"] == [0.1, None]
    assert row["verdict"] == "held"
    assert parsed["sound"] is True
