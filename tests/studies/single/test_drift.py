"""Drift against diffusion: on walks whose work is known exactly, and on trainings on nothing but noise."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import xarray as xr
from scipy import stats

from szilard.audit import Audit, DriftShare, Motion, Verdict, drift_share, drift_shares, no_learning
from szilard.estimate import Estimate, Kind
from szilard.studies.kits.watched.claims import motion
from szilard.studies.kits.watched.drift import noise_work_ratio
from szilard.studies.kits.watched.phases import in_words, phases
from szilard.studies.kits.watched.reading import WatchedReading
from szilard.studies.kits.watched.words import describe

INTERVALS = (1, 2, 4, 8, 16, 32)


def walk_ledger(points: np.ndarray, intervals: tuple[int, ...] = INTERVALS) -> xr.Dataset:
    """The ledger of a walk in a flat metric, where a jump δ costs exactly ½|δ|²; entropy stays put."""
    steps = len(points) - 1
    work = np.zeros((steps + 1, len(intervals)))
    covered = np.zeros((steps + 1, len(intervals)), dtype=np.int64)
    for j, c in enumerate(intervals):
        ends = np.arange(0, steps + 1, c)
        total = np.r_[0, 0.5 * (np.diff(points[ends], axis=0) ** 2).sum(1).cumsum()]
        jumps = np.arange(steps + 1) // c
        work[:, j], covered[:, j] = total[jumps], jumps * c
    rows = np.arange(steps + 1)
    still = np.ones(steps + 1)
    return xr.Dataset(
        {
            "work_by_interval": (("step", "path_interval"), work),
            "steps_by_interval": (("step", "path_interval"), covered),
            "jumps_by_interval": (("step", "path_interval"), covered // np.array(intervals)),
            "entropy_conditional": ("step", still),
            "entropy_conditional_error": ("step", 0.001 * still),
            "work": ("step", work[:, 0]),
            "work_error": ("step", 0.001 * still),
            "heat": ("step", -work[:, 0]),
            "heat_error": ("step", 0.001 * still),
        },
        {"step": rows, "path_interval": np.array(intervals, dtype=float)},
    )


def test_straight_motion_is_all_drift_at_every_interval() -> None:
    points = np.arange(513)[:, None] * np.array([[0.01, -0.02, 0.005]])
    shares = drift_shares(walk_ledger(points))
    assert [share.interval for share in shares] == [1, 2, 4, 8, 16]
    for share in shares:
        assert share.share.value == pytest.approx(1, abs=1e-9)
        assert share.motion is Motion.DRIFT


def test_there_and_back_is_minus_one() -> None:
    points = np.tile([[0.0], [1.0]], (64, 1))
    finest = drift_shares(walk_ledger(points))[0]
    assert finest.share.value == pytest.approx(-1, abs=1e-12)
    assert finest.motion is Motion.RESTORING


def test_drift_beside_diffusion_is_the_share_of_its_work() -> None:
    rng = np.random.default_rng(3)
    drift, noise, dimension = 0.1, 0.3, 50
    jumps = drift / math.sqrt(dimension) + noise / math.sqrt(dimension) * rng.standard_normal((16_000, dimension))
    shares = drift_shares(walk_ledger(np.r_[np.zeros((1, dimension)), jumps.cumsum(0)]))
    for share in shares:
        truth = share.interval * drift**2 / (share.interval * drift**2 + noise**2)
        assert abs(share.share.z(truth)) < 4, share


def test_any_ratio_of_intervals_serves() -> None:
    points = np.arange(901)[:, None] * np.ones((1, 2))
    shares = drift_shares(walk_ledger(points, (1, 3, 30)))
    assert [(share.interval, share.ratio) for share in shares] == [(1, 3), (3, 10)]
    assert all(share.share.value == pytest.approx(1, abs=1e-9) for share in shares)


def test_ragged_first_and_last_jumps_are_left_out() -> None:
    rng = np.random.default_rng(5)
    whole = walk_ledger(np.r_[np.zeros((1, 30)), rng.standard_normal((256, 30)).cumsum(0)])
    shifted = whole.copy(deep=True)
    shifted["steps_by_interval"][1:, :] += 0  # the record's own counters
    first = shifted.isel(step=[0]).assign_coords(step=[-37])
    shifted["steps_by_interval"] = shifted["steps_by_interval"] + 37
    shifted["jumps_by_interval"] = shifted["jumps_by_interval"] + 1
    shifted["work_by_interval"] = shifted["work_by_interval"] + 1e6
    joined = xr.concat([first, shifted], dim="step")
    for before, after in zip(drift_shares(whole), drift_shares(joined), strict=True):
        assert after.share.value == pytest.approx(before.share.value, rel=1e-6)
        assert after.jumps == before.jumps


def test_intervals_cover_a_walk_without_drift() -> None:
    """400 walks: how often the 95 % interval holds 0, as a binomial."""
    rng = np.random.default_rng(11)
    hits = 0
    for _ in range(400):
        points = np.r_[np.zeros((1, 10)), rng.standard_normal((256, 10)).cumsum(0)]
        low, high = drift_share(walk_ledger(points, (1, 2, 4))).share.interval()
        hits += low <= 0 <= high
    assert stats.binomtest(hits, 400, 0.95).pvalue > 0.001, hits


@pytest.mark.parametrize(("lasting", "least"), [(math.inf, 0.93), (20.0, 0.93)], ids=["stationary", "decaying"])
def test_intervals_cover_wherever_the_work_was_done(lasting: float, least: float) -> None:
    """600 steps; noise that decays within 20 of them leaves blocks of equal time with errors that cover 0.8."""
    rng = np.random.default_rng(2)
    size = np.exp(-np.arange(600) / lasting)[:, None]
    hits = 0
    for _ in range(500):
        walk = np.r_[np.zeros((1, 10)), (rng.standard_normal((600, 10)) * size).cumsum(0)]
        share = drift_share(walk_ledger(walk, (1, 2)))
        assert share.enough
        low, high = share.share.interval()
        hits += low <= 0 <= high
    assert least <= hits / 500 <= 0.975, hits


def test_the_work_of_one_or_two_jumps_decides_nothing() -> None:
    points = np.r_[0, 100, 200, 200 + 1e-3 * np.arange(1, 400)][:, None]
    share = drift_share(walk_ledger(points, (1, 2)))
    assert share.jumps > 100
    assert share.motion is Motion.UNDECIDED


@pytest.mark.parametrize(
    ("ratio", "error", "motion"),
    [
        (1.5, 0.01, Motion.UNDECIDED),  # alike, though less than the momentum of noise makes them
        (0.80, 0.01, Motion.RESTORING),
        (1.755, 0.002, Motion.DIFFUSION),
        (1.97, 0.01, Motion.DRIFT),
        (0.99, 0.05, Motion.UNDECIDED),
    ],
)
def test_jumps_that_agree_do_not_undo_one_another(ratio: float, error: float, motion: Motion) -> None:
    noise = noise_work_ratio(0.9, 4, 2)
    estimate = Estimate((ratio - noise) / (2 - noise), error / (2 - noise), Kind.ASYMPTOTIC)
    share = DriftShare(4, 2, estimate, 40, 1.0, 320, noise, 1.0)
    assert share.work_ratio == pytest.approx(ratio)
    assert share.motion is motion
    assert share.less_alike == (motion is Motion.UNDECIDED)
    said = describe(share, 0.9)
    assert f"= {share.work_ratio:.2f}" in said
    assert f"r = {noise:.2f}" in said
    assert ("less alike than momentum alone would make white noise" in said) == share.less_alike


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("interval", [1, 4, 16])
def test_work_ratio_of_noise_under_momentum(momentum: float, interval: int) -> None:
    """Against the covariances β^h summed one by one."""
    h = np.abs(np.subtract.outer(np.arange(2 * interval), np.arange(2 * interval)))
    covariance = momentum**h if momentum else (h == 0).astype(float)
    merged, single = covariance.sum(), covariance[:interval, :interval].sum()
    assert noise_work_ratio(momentum, interval, 2) == pytest.approx(merged / (2 * single), rel=1e-12)


@pytest.mark.parametrize(
    ("value", "error", "motion"),
    [
        (0.5, 0.1, Motion.DRIFT),
        (0.06, 0.01, Motion.DIFFUSION),
        (0.08, 0.03, Motion.DRIFT),
        (-0.05, 0.06, Motion.NO_DRIFT),
        (-0.4, 0.05, Motion.RESTORING),
        (-0.08, 0.005, Motion.DIFFUSION),
        (0.1, 0.2, Motion.UNDECIDED),
    ],
)
def test_the_verdict_follows_the_interval(value: float, error: float, motion: Motion) -> None:
    share = DriftShare(4, 2, Estimate(value, error, Kind.ASYMPTOTIC), 40, 1.0, 320, 1.0, 1.0)
    assert share.motion is motion
    assert replace(share, jumps=15).motion is Motion.UNDECIDED


def test_phases_halve_towards_the_start_and_agreeing_neighbours_are_told_together() -> None:
    points = np.arange(5001)[:, None] * np.ones((1, 3))
    found = phases(walk_ledger(points))
    assert [(phase.first, phase.last) for phase in found] == [
        (0, 156), (156, 312), (312, 625), (625, 1250), (1250, 2500), (2500, 5000)
    ]  # fmt: skip
    assert in_words(found) == "steps 0–5,000: drift"
    assert in_words(found[:1]) == ""


NOISE = {
    "SGD": (lambda p: torch.optim.SGD(p, lr=0.001), 0.0),
    "SGD with momentum": (lambda p: torch.optim.SGD(p, lr=0.0002, momentum=0.9), 0.9),
    "AdamW": (lambda p: torch.optim.AdamW(p, lr=0.001), 0.9),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NOISE)
def test_gradients_of_pure_noise_diffuse_and_learn_nothing(name: str, builders: dict) -> None:
    make, momentum = NOISE[name]
    tree = builders["record"](builders["train"](1600, make, noise=True), rows=2)
    ledger = tree["ledger"].to_dataset()
    share = drift_share(ledger, momentum)
    assert share.motion is Motion.DIFFUSION
    assert no_learning(ledger, share)
    assert share.linearity == pytest.approx(1, abs=0.15)  # W ∝ n


def test_learning_is_drift(learned: xr.DataTree) -> None:
    ledger = learned["ledger"].to_dataset()
    share = drift_share(ledger)
    assert share.motion is Motion.DRIFT
    assert not no_learning(ledger, share)


def test_too_few_jumps_decide_nothing(learned: xr.DataTree) -> None:
    short = learned["ledger"].to_dataset().isel(step=slice(0, 20))
    assert drift_share(short).motion is Motion.UNDECIDED
    assert drift_share(short.isel(step=slice(0, 5))) is None
    assert drift_shares(short.drop_vars("work_by_interval")) == ()


def restless() -> xr.DataTree:
    """A walk held by a spring, so that jumps undo one another; its labels say that it learned meanwhile."""
    rng = np.random.default_rng(4)
    points = np.zeros((801, 20))
    for t in range(800):
        points[t + 1] = 0.3 * points[t] + rng.standard_normal(20)
    ledger = walk_ledger(points)
    ledger["entropy_change"] = ("step", -2.2 * np.linspace(0, 1, 801))
    for name, ends, error in (("accuracy", (0.11, 0.97), 0.02), ("cross_entropy", (2.3, 0.1), 0.02)):
        ledger[name] = ("step", np.linspace(*ends, 801))
        ledger[f"{name}_error"] = ("step", np.full(801, error))
    ledger["energy"] = ledger["ep_conditional"] = ledger["work"]
    return xr.DataTree.from_dict({"ledger": ledger})


def test_jumps_that_undo_one_another_refute_no_drift() -> None:
    tree = restless()
    assert drift_share(tree["ledger"].to_dataset()).motion is Motion.RESTORING
    report = Audit(motion.findings(WatchedReading(tree)))
    row = report["drift"]
    assert row.verdict is Verdict.UNDECIDED
    assert "jumps that undo one another can hide a drift beneath them" in row.detail
    assert "The model learned: ΔS" in row.detail
    assert "accuracy 11 % → 97.0 ± 2.0 %" in row.detail
    assert row.detail.endswith("not learning, made most of the work.")
    assert "10 %" in row.measure
    assert "at this measuring interval" not in report.verdict
