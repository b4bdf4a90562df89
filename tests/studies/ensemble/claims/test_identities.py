"""A bug planted in each identity is caught by its row, and the record is then not to be relied on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr

from szilard.audit import Basis, Verdict, audit

Change = dict[str, Callable[[np.ndarray], np.ndarray]]


def times(factor: float) -> Callable[[np.ndarray], np.ndarray]:
    """One member, or all of a column without members, at the last record."""

    def change(values: np.ndarray) -> np.ndarray:
        changed = values.copy()
        if changed.ndim > 1:
            changed[-1, 3] *= factor
        else:
            changed[-1] *= factor
        return changed

    return change


LEDGER: dict[str, tuple[str, float]] = {
    "first law": ("heat", 1 + 1e-6),
    "work is entropy production": ("ep_conditional", 1 + 1e-6),
    "energy is entropy": ("energy", 1 + 1e-6),
    "second law": ("ep_conditional", 0.5),
    "fluctuation theorem, exact sum": ("fluctuation", 1 + 1e-7),
    "speed limit": ("length", 1.5),
    "one-sided speed limit": ("length", 2.0),
    "means of the members": ("work", 1 + 1e-5),
}
INFORMATION: dict[str, tuple[str, float]] = {
    "information adds up": ("info_seed", 1 + 1e-6),
    "I(X;B) adds up": ("info_dataset", 1 + 1e-6),
    "plug-in information adds up": ("info_dataset_plugin", 1 - 1e-6),
    "marginal entropy adds up": ("entropy_conditional_mean", 1 + 1e-6),
    "marginal entropy production": ("ep_marginal", -1.0),
    "means of the members": ("heat_mean", 1 + 1e-6),
    "information of the members": ("l_info_member", 1 + 1e-4),
    "ignorance is information": ("ep_ignorance", 1 + 1e-6),
    "Eq. 25 of each member": ("ep_marginal_member", -1.0),
    "sign of Eq. 6": ("info_dataset_plugin", 2.0),
    "marginal entropy production pays for the information": ("ep_marginal", 0.1),
    "seed information adds up": ("info_seed_order", 1 + 1e-6),
}


def test_every_identity_has_a_bug(learned: xr.DataTree, crossed: xr.DataTree) -> None:
    rows = {row.name for tree in (learned, crossed) for row in audit(tree).rows if row.basis is Basis.CONSTRUCTION}
    assert rows == LEDGER.keys() | INFORMATION.keys()


@pytest.mark.parametrize("row", LEDGER)
def test_a_bug_in_one_member_fails_its_row(row: str, learned: xr.DataTree, alter: Callable[..., xr.DataTree]) -> None:
    column, factor = LEDGER[row]
    report = audit(alter(learned, ledger={column: times(factor)}))
    assert report[row].verdict is Verdict.FAILED
    assert not report.sound
    assert row in report.verdict
    assert "step 100" in report[row].where
    if row != "means of the members":
        assert "member 3" in report[row].where


@pytest.mark.parametrize("row", INFORMATION)
def test_a_bug_in_the_budget_fails_its_row(
    row: str, learned: xr.DataTree, crossed: xr.DataTree, alter: Callable[..., xr.DataTree]
) -> None:
    column, factor = INFORMATION[row]
    tree = learned
    if row.startswith("seed"):  # the last rows of the crossed record have a broken table, for which nothing is said
        groups = {name: crossed[name].to_dataset().isel(step=slice(0, 6)) for name in ("ledger", "information")}
        tree = xr.DataTree.from_dict(groups)
        tree.attrs = dict(crossed.attrs)
    report = audit(alter(tree, information={column: times(factor)}))
    assert report[row].verdict is Verdict.FAILED
    assert not report.sound
    assert row in report.verdict


def test_differences_across_a_change_of_members_are_left_out(
    crossed: xr.DataTree, alter: Callable[..., xr.DataTree]
) -> None:
    """From the record on at which a member is lost, I(X;Θ) is of other mixtures than the first record's."""
    lost = alter(crossed, information={"ep_ignorance": times(2.0)})
    assert audit(lost)["ignorance is information"].verdict is Verdict.HELD


def test_a_row_of_information_without_a_ledger_is_a_gap(learned: xr.DataTree) -> None:
    tree = xr.DataTree.from_dict(
        {
            "ledger": learned["ledger"].to_dataset().drop_isel(step=[4]),
            "information": learned["information"].to_dataset(),
        }
    )
    tree.attrs = dict(learned.attrs)
    row = audit(tree)["no gaps"]
    assert (row.effect, row.verdict) == (2, Verdict.FAILED)


@pytest.mark.parametrize("status", ["incomplete", "broken"])
def test_a_record_that_is_not_whole_says_so(
    status: str, learned: xr.DataTree, alter: Callable[..., xr.DataTree]
) -> None:
    until = {"work_mean": lambda values: np.where(np.arange(len(values)) > 6, np.nan, values)}
    tree = alter(learned, information=until, status=status, broken_at_step=64, broken_because="logits are NaN")
    row = audit(tree)["complete record"]
    assert (row.effect, row.verdict) == (3, Verdict.FAILED)
    assert "2 records without finite ensemble means" in row.detail
    assert ("logits are NaN" in row.detail) == (status == "broken")
