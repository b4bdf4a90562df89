"""Every tested row shown held, failed and undecided, on evidence made for it; and how it is worded."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr

from szilard.audit import Basis, Concern, Verdict, audit
from szilard.estimate import Estimate, Kind
from szilard.studies.kits.parameters.statements import RESERVOIR
from szilard.verdicts.intervals import decisive, difference, ratio

Columns = dict[str, Any]
MOST = math.log(5)
STEPS = np.array([0, 1, 2, 4, 8, 16, 32, 64, 100])


def bracketed(name: str) -> tuple[Columns, Columns, Columns]:
    """In the middle; far outside; outside by as much as its error."""
    ends = {f"{name}_lower": (0.1, 0.001), f"{name}_upper": (0.2, 0.001)}
    return {**ends, name: (0.15, 0.001)}, {**ends, name: (0.3, 0.001)}, {**ends, name: (0.21, 0.02)}


def saturated(name: str) -> tuple[Columns, Columns, None]:
    return {f"{name}_saturated": 0}, {f"{name}_saturated": 1}, None


def at_both_ends(first: tuple[float, float], last: tuple[float, float]) -> tuple[Any, Any]:
    """One number at step 0 and another at the end."""
    index = np.arange(len(STEPS)) > 0
    return np.where(index, last[0], first[0]), np.where(index, last[1], first[1])


TESTED: dict[str, tuple[Columns | None, Columns | None, Columns | None]] = {
    "info_task in its bracket": bracketed("info_task"),
    "info_dataset in its bracket": bracketed("info_dataset"),
    "info_seed in its bracket": bracketed("info_seed"),
    "l_info in its bracket": bracketed("l_info"),
    "info_task not saturated": ({"info_task": 0.1, **saturated("info_task")[0]},
                                {"info_task": 0.1, **saturated("info_task")[1]}, None),
    "info_dataset not saturated": saturated("info_dataset"),
    "info_seed not saturated": saturated("info_seed"),
    "l_info not saturated": saturated("l_info"),
    "corrections agree": ({}, {"info_dataset_jackknife": (0.05, 0.001)}, None),
    "corrected estimate and matched-size contrast agree": (
        {"info_dataset": (0.2, 0.004), "info_dataset_contrast": (0.19, 0.004)},
        {"info_dataset": (0.2, 0.004), "info_dataset_contrast": (0.1, 0.004)},
        {"info_dataset": (0.2, 0.03), "info_dataset_contrast": (0.1, 0.03)},
    ),
    "datasets leave a trace": (
        {"info_dataset_contrast": (0.2, 0.01), "info_dataset_permutation_p": 0.01},
        {"info_dataset_contrast": (0.0, 0.001), "info_dataset_permutation_p": 0.5},
        {"info_dataset_contrast": (0.2, 0.01), "info_dataset_permutation_p": 0.2},
    ),
    "no trace of the data at the start": (
        {"info_dataset_contrast": (0.0, 0.001)}, {"info_dataset_contrast": (0.1, 0.001)},
        {"info_dataset_contrast": (0.0, 0.1)},
    ),
    "learned information": (
        {"ep_ignorance": (0.2, 0.01)}, {"ep_ignorance": (-0.2, 0.01)}, {"ep_ignorance": (0.02, 0.02)},
    ),
    "learned information as I(X;B)": (
        {"info_data": (0.2, 0.01)}, {"info_data": (0.0, 0.001)}, {"info_data": (0.02, 0.02)},
    ),
    "I(X;Θ) is a proxy for L-info": (
        {"info_seed": (0.01, 0.001), "l_info": (0.3, 0.01)}, {"info_seed": (0.2, 0.001), "l_info": (0.3, 0.01)},
        {"info_seed": (0.2, 0.001), "l_info": (0.3, 0.3)},
    ),
    "data processing": (
        {"m_info_lower": (0.2, 0.01)}, {"m_info_lower": (3.0, 0.01)}, {"m_info_lower": (2.6, 0.1)},
    ),
    "data processing for the proxy": (
        {"l_info": (0.1, 0.01), "m_info_lower": (0.3, 0.01)}, {"l_info": (3.0, 0.01)},
        {"l_info": (1.0, 0.01), "m_info_lower": (0.3, 0.01)},
    ),
    "low variance": (
        {"l_info_spread": (0.005, 0.001), "l_info": (0.3, 0.01)},
        {"l_info_spread": (0.2, 0.001), "l_info": (0.3, 0.01)},
        {"l_info_spread": (0.03, 0.01), "l_info": (0.3, 0.01)},
    ),
    "one point stands for p(Θ)": (
        {"l_info": (0.001, 0.001)}, {"l_info": (0.2, 0.001)}, {"l_info": (0.01, 0.01)},
    ),
    "no information at the start": (
        {"l_info": at_both_ends((0.001, 0.0001), (0.3, 0.01))}, {"l_info": at_both_ends((0.4, 0.01), (0.2, 0.01))},
        {"l_info": at_both_ends((0.03, 0.01), (0.3, 0.01))},
    ),
    "initialisation fades": (
        {"info_seed_initialisation": at_both_ends((0.2, 0.01), (0.001, 0.0001))},
        {"info_seed_initialisation": at_both_ends((0.2, 0.01), (0.3, 0.01))},
        {"info_seed_initialisation": at_both_ends((0.2, 0.01), (0.02, 0.01))},
    ),
    "falling marginal entropy": (
        {"entropy_marginal_change": (-0.5, 0.01)}, {"entropy_marginal_change": (0.5, 0.01)},
        {"entropy_marginal_change": (-0.02, 0.01)},
    ),
    "marginal entropy never rises": (
        {"entropy_marginal_change": (-0.5, 0.01)}, {"entropy_marginal_change": (STEPS == 4, 0.01)},
        {"entropy_marginal_change": (-0.5, np.where(STEPS == 4, 1.0, 0.01))},
    ),
    "marginal entropy production is positive": (
        {"ep_marginal": (0.5, 0.01)}, {"ep_marginal": (0.5 - (STEPS == 4), 0.01)},
        {"ep_marginal": (0.5, np.where(STEPS == 4, 1.0, 0.01))},
    ),
    "−Q within M-info's upper bound": (
        {"clausius_information": (1.0, 0.1)}, {"clausius_information": (4.0, 0.1)},
        {"clausius_information": (2.6, 0.1)},
    ),
    "ideal learning": (
        {"info_data": (2.6, 0.01), "m_info_lower": (2.6, 0.01)},
        {"info_data": (0.1, 0.01), "m_info_lower": (0.3, 0.01)},
        {"info_data": (0.3, 0.1), "m_info_lower": (0.3, 0.01)},
    ),
    "quasi-static learning": (
        {"work_mean": (0.01, 0.001), "ep_marginal": (0.5, 0.01), "ep_ignorance": (0.49, 0.01)},
        {"work_mean": (0.4, 0.001), "ep_marginal": (0.5, 0.01), "ep_ignorance": (0.1, 0.01)},
        {"work_mean": (0.05, 0.01), "ep_marginal": (0.5, 0.01), "ep_ignorance": (0.45, 0.01)},
    ),
}  # fmt: skip
"""For each row the columns of the information that make it held, failed and undecided; None where it cannot be so."""

OTHERWISE = {
    "complete record", "no gaps", "precision floor", "members that diverged", "probe independent of the data",
    "enough clusters for the error bars",
    "dim Θ ≫ dim X",
    "low variance of the heat", "late heat becomes information", "ideal learning by the generalisation gap",
    "marginal entropy tends to the data's",
}  # fmt: skip
"""Tested rows that have tests of their own, below or elsewhere."""


def test_every_tested_row_is_shown(learned: xr.DataTree, crossed: xr.DataTree) -> None:
    unchecked = {"memorised information", "Clausius relation", "Clausius relation along paths"}
    unchecked |= {claim.name for claim in RESERVOIR}
    rows = {row.name for tree in (learned, crossed) for row in audit(tree).rows if row.basis is Basis.TESTED}
    assert rows - unchecked == TESTED.keys() | OTHERWISE


CASES = [
    pytest.param(name, verdict, columns, id=f"{name}-{verdict}")
    for name, evidence in TESTED.items()
    for verdict, columns in zip(Verdict, evidence, strict=False)
    if columns is not None
]


@pytest.mark.parametrize(("name", "verdict", "columns"), CASES)
def test_the_verdict_follows_the_evidence(
    name: str,
    verdict: Verdict,
    columns: Columns,
    learned: xr.DataTree,
    crossed: xr.DataTree,
    alter: Callable[..., xr.DataTree],
) -> None:
    tree = learned
    if name == "initialisation fades":
        # Three tasks make intervals too wide to be decided by: forget who belongs to whom, and say that there are more.
        information, ledger = (crossed[group].to_dataset() for group in ("information", "ledger"))
        tree = xr.DataTree.from_dict({"ledger": ledger.drop_vars("task"), "information": information})
        tree.attrs = {**crossed.attrs, "clusters": 14}
    assert audit(alter(tree, information=columns))[name].verdict is verdict


@pytest.mark.parametrize(("clusters", "verdict"), [(12, Verdict.HELD), (11, Verdict.FAILED), (0, Verdict.FAILED)])
def test_few_clusters_are_said_to_cover_less(
    clusters: int, verdict: Verdict, learned: xr.DataTree, alter: Callable[..., xr.DataTree]
) -> None:
    row = audit(alter(learned, clusters=clusters))["enough clusters for the error bars"]
    assert row.verdict is verdict
    assert row.concerns is Concern.COVERAGE
    assert ("less often than 95 times" in row.detail) == (verdict is Verdict.FAILED)


@pytest.mark.parametrize(
    ("share", "flagged", "verdict"),
    [(0.01, False, Verdict.HELD), (0.05, False, Verdict.UNDECIDED), (0.01, True, Verdict.UNDECIDED)],
)
def test_rounding_of_the_worst_member(
    share: float, flagged: bool, verdict: Verdict, learned: xr.DataTree, alter: Callable[..., xr.DataTree]
) -> None:
    """Three times the floor has to stay below a tenth; a floor alone never fails anything."""
    work = learned["ledger"]["work"].values
    floor = np.where(np.arange(work.shape[1]) == 3, share, 1e-9) * work
    row = audit(alter(learned, ledger={"precision_floor": floor}, forward_flagged=flagged))["precision floor"]
    assert row.verdict is verdict
    assert row.effect == pytest.approx(share)


@pytest.mark.parametrize(
    ("split", "verdict"), [("test", Verdict.HELD), ("train", Verdict.FAILED), (None, Verdict.UNCHECKABLE)]
)
def test_a_probe_of_training_inputs_is_not_independent(
    split: str | None, verdict: Verdict, learned: xr.DataTree, alter: Callable[..., xr.DataTree]
) -> None:
    report = audit(alter(learned, probe={**learned.attrs["probe"], "split": split}))
    row = report["probe independent of the data"]
    assert (row.verdict, row.concerns) == (verdict, Concern.COVERAGE)
    assert ("in-sample" in row.detail) == (split == "train")
    assert ("(probe independent of the data failed" in report.verdict) == (split == "train")


def test_where_whole_clusters_diverged_fewer_degrees_of_freedom_are_left(
    learned: xr.DataTree, alter: Callable[..., xr.DataTree]
) -> None:
    counted = np.where(STEPS > 32, 11, 14)
    tree = alter(learned, information={"clusters_counted": counted})
    row = audit(tree)["enough clusters for the error bars"]
    assert (row.effect, row.verdict) == (11, Verdict.FAILED)
    assert "the 11 outermost clusters that are left of 14 independent datasets" in row.detail
    assert "on 10 degrees" in row.detail
    whole, fewer = (audit(each)["learned information"].interval for each in (learned, tree))
    assert whole is not None and fewer is not None
    assert (fewer[1] - fewer[0]) / (whole[1] - whole[0]) == pytest.approx(2.2281 / 2.1604, rel=1e-4)
    assert difference(Estimate(1.0, 0.3, Kind.EXACT, 3), Estimate(0.0, 0.4, Kind.EXACT, 5)) == difference(
        Estimate(1.0, 0.3, Kind.EXACT, 5), Estimate(0.0, 0.4, Kind.EXACT, 3)
    )


def test_what_the_design_is_too_small_for_is_said_in_words(
    learned: xr.DataTree, alter: Callable[..., xr.DataTree]
) -> None:
    flags = dict.fromkeys(("info_dataset_saturated", "info_seed_saturated"), 1)
    verdict = audit(alter(learned, information=flags, clusters=6)).verdict
    assert "the design is too small for: info_dataset, info_seed, 95 % intervals)" in verdict
    assert "not saturated" not in verdict


def test_without_an_error_nothing_is_decided(learned: xr.DataTree, alter: Callable[..., xr.DataTree]) -> None:
    report = audit(alter(learned, clusters=2))
    for name, (held, _, undecided) in TESTED.items():
        if undecided is not None and held is not None:
            assert report[name].verdict in (Verdict.UNDECIDED, Verdict.UNCHECKABLE), name


@pytest.mark.parametrize(("parameters", "verdict"), [(16_000, Verdict.HELD), (159, Verdict.FAILED)])
def test_the_reservoir_is_larger_than_the_system(
    parameters: int, verdict: Verdict, learned: xr.DataTree, alter: Callable[..., xr.DataTree]
) -> None:
    """40 inputs of 5 outcomes have 160 degrees of freedom."""
    row = audit(alter(learned, model={"parameters": parameters}))["dim Θ ≫ dim X"]
    assert row.effect == pytest.approx(parameters / 160)
    assert row.verdict is verdict


@pytest.mark.parametrize(("spread", "verdict"), [(0.01, Verdict.HELD), (1.0, Verdict.FAILED), (0.1, Verdict.UNDECIDED)])
def test_low_variance_of_the_heat(
    spread: float, verdict: Verdict, learned: xr.DataTree, alter: Callable[..., xr.DataTree]
) -> None:
    noise = np.random.default_rng(1).standard_normal(learned.sizes.get("member", 42))
    row = audit(alter(learned, ledger={"heat": -2 - 2 * spread * noise}))["low variance of the heat"]
    assert row.verdict is verdict
    assert row.effect == pytest.approx(spread, rel=0.3)


@pytest.mark.parametrize(
    ("gain", "error", "verdict"),
    [(1.0, 0.001, Verdict.HELD), (0.0, 0.001, Verdict.FAILED), (1.0, 0.2, Verdict.UNDECIDED)],
)
def test_late_heat_against_late_information(
    gain: float, error: float, verdict: Verdict, learned: xr.DataTree, alter: Callable[..., xr.DataTree]
) -> None:
    """−Q grows by 0.5 nat between steps 32 and 100, give or take a little for each member."""
    noise = 1e-3 * np.random.default_rng(1).standard_normal(42)
    late = (STEPS > 32)[:, None]
    tree = alter(learned, ledger={"heat": -1.0 - late * (0.5 + noise)},
                 information={"l_info": (0.2 + 0.5 * gain * late[:, 0], error)})  # fmt: skip
    row = audit(tree)["late heat becomes information"]
    assert row.effect == pytest.approx(1 - gain, abs=0.01)
    assert row.verdict is verdict
    assert row.where == "steps 32 to 100"


@pytest.mark.parametrize(
    ("gap", "spread", "verdict"),
    [(0.0, 0.001, Verdict.HELD), (1.0, 0.01, Verdict.FAILED), (0.0, 1.0, Verdict.UNDECIDED)],
)
def test_the_generalisation_gap(
    gap: float, spread: float, verdict: Verdict, learned: xr.DataTree, alter: Callable[..., xr.DataTree]
) -> None:
    noise = spread * np.random.default_rng(1).standard_normal(42)
    name = "ideal learning by the generalisation gap"
    changes = {"ledger": {"loss": 0.5, "cross_entropy": 0.5 + gap + noise}}
    assert audit(alter(learned, **changes))[name].verdict is verdict
    other = audit(alter(learned, spec={"training": {"loss": "torch.nn:MSELoss"}}, **changes))[name]
    assert other.verdict is Verdict.UNCHECKABLE
    assert "no plain cross-entropy" in other.detail


@pytest.mark.parametrize(
    ("truth", "error", "verdict"),
    [(0.0, 0.01, Verdict.HELD), (1.2, 0.01, Verdict.FAILED), (0.0, 0.3, Verdict.UNDECIDED)],
)
def test_the_entropy_of_the_labels(
    truth: float, error: float, verdict: Verdict, learned: xr.DataTree, alter: Callable[..., xr.DataTree]
) -> None:
    row = audit(alter(learned, information={"entropy_marginal": (0.05, error)}, label_entropy=truth))
    assert row["marginal entropy tends to the data's"].verdict is verdict


def test_where_information_fell_there_is_no_share_of_it(
    learned: xr.DataTree, alter: Callable[..., xr.DataTree]
) -> None:
    row = audit(alter(learned, information={"ep_ignorance": (-0.1, 0.01)}))["quasi-static learning"]
    assert row.verdict is Verdict.UNCHECKABLE
    assert "fell by 0.1 nat" in row.detail


def test_the_reason_for_a_missing_number_is_the_record_s(
    learned: xr.DataTree, alter: Callable[..., xr.DataTree]
) -> None:
    tree = alter(learned, information={"m_info_upper": np.nan}, unavailable={"m_info_upper": "no noise was added."})
    for name in ("data processing", "−Q within M-info's upper bound", "ideal learning"):
        assert audit(tree)[name].detail == "No noise was added."


def test_a_permutation_test_never_makes_a_claim_held(learned: xr.DataTree, alter: Callable[..., xr.DataTree]) -> None:
    tree = alter(learned, information={"info_dataset_contrast": (0.02, 0.02), "info_dataset_permutation_p": 1e-4})
    assert audit(tree)["datasets leave a trace"].verdict is Verdict.UNDECIDED


def test_levels_within_their_error_of_zero_have_no_correction_to_compare(
    learned: xr.DataTree, alter: Callable[..., xr.DataTree]
) -> None:
    names = [f"info_{level}_{route}" for level in ("dataset", "seed") for route in ("first_order", "jackknife")]
    row = audit(alter(learned, information=dict.fromkeys(names, (0.001, 0.01))))["corrections agree"]
    assert row.verdict is Verdict.UNCHECKABLE


# Arithmetic


def test_a_ratio_allows_every_quotient() -> None:
    value, (low, high) = ratio(Estimate(1.0, 0.1, Kind.EXACT), Estimate(2.0, 0.0, Kind.EXACT))
    assert value == 0.5
    assert (low, high) == pytest.approx((0.5 - 0.1121, 0.5 + 0.1121), abs=1e-4)  # 2.2414 σ: level 0.975
    assert ratio(Estimate(1.0, 0.1, Kind.EXACT), Estimate(0.1, 0.1, Kind.EXACT))[1] == (-math.inf, math.inf)
    assert math.isnan(ratio(Estimate(1.0, math.nan, Kind.EXACT), Estimate(2.0, 0.1, Kind.EXACT))[1][0])


def test_a_ratio_covers_whatever_the_correlation() -> None:
    rng = np.random.default_rng(3)
    for correlation in (-1.0, 0.0, 1.0):
        draws = rng.multivariate_normal([1.0, 2.0], 0.04 * np.array([[1, correlation], [correlation, 1]]), 1000)
        hits = 0
        for top, bottom in draws:
            low, high = ratio(Estimate(top, 0.2, Kind.EXACT), Estimate(bottom, 0.2, Kind.EXACT))[1]
            hits += low <= 0.5 <= high
        assert hits >= 940, correlation


def test_errors_of_a_difference_add_in_quadrature() -> None:
    value, (low, high) = difference(Estimate(1.0, 0.3, Kind.EXACT), Estimate(0.0, 0.4, Kind.EXACT), 2.0)
    assert value == 0.5
    assert (high - low) / 2 == pytest.approx(1.96 * 0.5 / 2, rel=1e-3)


def test_the_record_that_decides() -> None:
    bound = (0.0, 1.0)
    assert decisive([(0.1, 0.2), (0.4, 0.95), (0.2, 0.3)], bound) == 1
    assert decisive([(0.1, 0.2), (0.9, 1.95), (1.2, 1.3), (1.5, 1.6)], bound) == 3
    assert decisive([(math.nan, math.nan), (0.1, 0.2)], bound) == 1
    assert decisive([(math.nan, math.nan)], bound) == 0
