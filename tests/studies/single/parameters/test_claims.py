"""Each row of the reservoir on simulated trainings: held where it is true, failed where it is broken, else neither."""

from __future__ import annotations

import io
import json
import math
import os
import re
from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from rich.cells import cell_len
from rich.console import Console

from szilard.audit import Audit, Basis, Concern, Finding, Verdict, audit
from szilard.monitor.reservoir.schema import UNDEFINED
from szilard.studies.kits.parameters.claims import FAMILIES, equilibrium, findings, without
from szilard.studies.kits.parameters.claims.whiteness import autocorrelation, beyond, portmanteau
from szilard.studies.kits.parameters.claims.work import coherence
from szilard.studies.kits.parameters.statements import LOOP, PREDICTED, REGIMES, RESERVOIR
from szilard.studies.kits.parameters.words import in_words
from szilard.studies.kits.watched.bursts import Bursts
from szilard.studies.kits.watched.reading import WatchedReading
from szilard.verdicts.finding import judge

pytestmark = pytest.mark.slow

Examine = Callable[..., dict[str, Finding]]
SEEDS = 5 if os.environ.get("SZILARD_QUICK") == "1" else 20

TRUE_AT_REST = (
    "noise of the loop", "white noise", "temperature of white noise", "stationary noise", "one temperature",
    "isotropic noise", "finite variance", "first fluctuation–dissipation relation", "stationary parameters",
    "canonical state", "detailed balance", "reservoir without entropy production", "one regime",
)  # fmt: skip
"""Claims that hold for stationary SGD on an isotropic quadratic with white noise, one temperature for all."""


@pytest.fixture(scope="module")
def examine(attached: Callable[..., xr.DataTree], makers: dict[str, Any]) -> Examine:
    """The rows of the reservoir of a simulated training."""

    def make(**settings: Any) -> dict[str, Finding]:
        tree = attached(xr.DataTree.from_dict({"ledger": bare_ledger()}), makers["Setting"](**settings))
        return {row.name: row for row in findings(WatchedReading(tree))}

    return make


def bare_ledger() -> xr.Dataset:
    """A ledger that moves, of the columns that every record has."""
    steps = np.arange(0, 4000, 10)
    work = steps * 1e-3
    columns = {"work": work, "heat": -work, "energy": 0 * work + 1, "entropy_conditional": 0 * work + 1,
               "ep_conditional": work}  # fmt: skip
    return xr.Dataset({name: ("step", values) for name, values in columns.items()}, {"step": steps})


def test_a_sound_run_is_not_accused(examine: Examine) -> None:
    rows = examine(seed=4)
    assert {rows[name].verdict for name in TRUE_AT_REST} <= {Verdict.HELD, Verdict.UNDECIDED}
    for name in ("stationary noise", "one temperature", "isotropic noise", "finite variance", "one regime",
                 "first fluctuation–dissipation relation"):  # fmt: skip
        assert rows[name].verdict is Verdict.HELD, name


def test_sound_runs_are_accused_as_seldom_as_the_level_allows(examine: Examine) -> None:
    """Twenty seeds at two speeds of relaxation: of a row's 20 verdicts more than 4 ``failed`` have a chance below 1e-3
    at a level of 5 %, and of all rows together 5 % would be 13 of 260."""
    failed: Counter[str] = Counter()
    for seed in range(SEEDS):
        rows = examine(seed=seed, records=60)
        failed.update(name for name in TRUE_AT_REST if rows[name].verdict is Verdict.FAILED)
    assert max(failed.values(), default=0) <= 4, failed
    assert failed.total() <= 13, failed


def planted(makers: dict[str, Any]) -> dict[str, tuple[str, dict[str, Any]]]:
    """What breaks each claim."""
    layer, ar1, epochs, heavy = (makers[name] for name in ("Layer", "ar1", "epochs", "heavy"))
    turning = (layer(d=4, curvature=1.0, turn=2.0), layer(d=3, curvature=1.0))
    still = {"every": 13, "records": 300, "rate": 0.05}
    return {
        "AR(1) noise": ("white noise", {"layers": (layer(d=60, noise=ar1(0.2)), layer(d=16))}),
        "little AR(1) in many directions": (
            "temperature of white noise", {"layers": (layer(d=400, noise=ar1(0.1)),) * 2, "records": 40},
        ),
        "shuffled epochs": ("temperature of white noise", {"layers": (layer(d=60, noise=epochs(10)),) * 2}),
        "doubling variance": ("stationary noise", {"growth": 2.0}),
        "a hump of variance": (
            "stationary noise", {"growth": lambda time: np.where(abs(time - 0.375) < 0.125, 4.0, 1.0)},
        ),
        "a jump of variance": ("one regime", {"growth": lambda time: np.where(time < 0.5, 1.0, 3.0)}),
        "two temperatures": ("one temperature", {"layers": (layer(scale=1.4), layer(d=16))}),
        "unequal directions": ("isotropic noise", {"layers": (layer(scale=np.geomspace(0.3, 3, 24)), layer(d=16))}),
        "infinite variance": ("finite variance", {"layers": (layer(noise=heavy(0.8)), layer(d=16))}),
        "parameters on their way": (
            "first fluctuation–dissipation relation",
            {"layers": (layer(start=40.0, curvature=0.002, scale=0.2),), "records": 40, "every": 20},
        ),
        "directions of two temperatures": (
            "canonical state",
            {"layers": (layer(d=3, curvature=1.0, scale=np.array([0.1, 1.0, 1.0])),), **still, "rate": 0.5},
        ),
        "gyrating currents": ("detailed balance", {"layers": turning, **still}),
        "entropy from currents": ("reservoir without entropy production", {"layers": turning, **still}),
        "other training data": ("noise of the loop", {"loop": 1.3, "layers": (layer(d=60), layer(d=60))}),
        "force drowned by noise": ("force above the noise", {}),
        "greatest force drowned": ("greatest force above the noise", {}),
    }  # fmt: skip


VIOLATIONS = (
    "AR(1) noise", "little AR(1) in many directions", "shuffled epochs", "doubling variance", "a hump of variance",
    "a jump of variance", "two temperatures", "unequal directions", "infinite variance", "parameters on their way",
    "directions of two temperatures",
    "gyrating currents", "entropy from currents", "other training data", "force drowned by noise",
    "greatest force drowned",
)  # fmt: skip


@pytest.mark.parametrize("violation", VIOLATIONS)
def test_each_planted_violation_fails_its_row(violation: str, examine: Examine, makers: dict[str, Any]) -> None:
    row, settings = planted(makers)[violation]
    found = examine(seed=1, **settings)[row]
    assert found.verdict is Verdict.FAILED, found
    assert found.interval is not None and found.bound is not None


def test_every_row_has_its_interval_and_place(examine: Examine) -> None:
    rows = examine()
    assert set(rows) == {claim.name for claim in (*RESERVOIR, LOOP, REGIMES)}
    for row in rows.values():
        assert row.basis is Basis.TESTED
        assert len(row.detail) > 5
        if row.verdict is Verdict.UNCHECKABLE:
            assert row.name == "lazy dynamics"
            assert "szilard run reversal" in row.detail
            continue
        assert row.interval is not None and row.bound is not None and row.effect is not None
        assert judge(row.interval, row.bound) is row.verdict
        assert "step" in row.where


def test_the_layer_that_is_wrong_is_named(examine: Examine, makers: dict[str, Any]) -> None:
    layer = makers["Layer"]
    rows = examine(layers=(layer(d=16), layer(d=16), layer(d=16, scale=2.0)))
    assert "layer2 against" in rows["one temperature"].where
    assert "Hottest is layer2" in rows["one temperature"].detail


def projected(curvature: np.ndarray, scale: np.ndarray, records: int, seed: int) -> dict[str, Finding]:
    """The rows of equilibrium for SGD at r = .05, a record every 40 steps, along three orthonormal directions."""
    generator, rate = np.random.default_rng(seed), 0.05
    memory = (1 - rate * curvature) ** 40
    variance = rate * scale**2 / (curvature * (2 - rate * curvature))
    kicks = generator.normal(size=(records, 3)) * np.sqrt(variance * (1 - memory**2))
    theta = np.empty((records, 3))
    theta[0] = generator.normal(size=3) * np.sqrt(variance)
    for k in range(1, records):
        theta[k] = memory * theta[k - 1] + kicks[k]
    axes = np.linalg.qr(generator.normal(size=(3, 3)))[0]
    dims = ("step", "group", "direction")
    columns = {
        "projection_position": (dims, (theta @ axes)[:, None]),
        "projection_force": (dims, -(curvature * theta @ axes)[:, None]),
    }
    data = xr.Dataset(columns, {"step": 40 * np.arange(records), "group": ["only"]})
    bursts = Bursts.of(data, {"reservoir": {"parameters": [3]}})
    return {row.name: row for row in equilibrium.findings(SimpleNamespace(bursts=bursts))}  # type: ignore[arg-type]


@pytest.mark.parametrize("curvature", [np.array([0.5, 2.0, 4.0]), np.ones(3)])
def test_a_canonical_state_is_held_given_enough_and_never_failed(curvature: np.ndarray) -> None:
    """C ∝ 1: one temperature whatever the curvatures, to the .0011 of a finite step."""
    few = Counter(projected(curvature, np.full(3, 0.5), 120, seed)["canonical state"].verdict for seed in range(20))
    assert few[Verdict.UNDECIDED] >= 15 and set(few) <= {Verdict.UNDECIDED, Verdict.UNCHECKABLE}
    many = Counter(projected(curvature, np.full(3, 0.5), 12_000, seed)["canonical state"].verdict for seed in range(3))
    assert many[Verdict.HELD] >= 2 and not many[Verdict.FAILED]


def test_two_temperatures_in_a_layer_are_not_canonical() -> None:
    row = projected(np.ones(3), np.array([0.5, 0.5, 1.0]), 300, 0)["canonical state"]
    assert row.verdict is Verdict.FAILED
    assert "Probability of temperatures so far apart" in row.detail


def test_entropy_of_fitted_dynamics_stands_beside_the_bound(examine: Examine, makers: dict[str, Any]) -> None:
    layer = makers["Layer"]
    turning = (layer(d=4, curvature=1.0, turn=2.0), layer(d=3, curvature=1.0))
    row = examine(layers=turning, every=13, records=300, rate=0.05)["reservoir without entropy production"]
    assert "Linear dynamics fitted to the same paths produce" in row.detail and "in layer0 (" in row.detail
    assert row.interval is not None and math.isinf(row.interval[1])


@pytest.mark.parametrize("optimiser", ["SGD", "Adam"])
def test_a_dead_layer_is_left_out_and_named(
    optimiser: str, attached: Callable[..., xr.DataTree], learned: xr.DataTree, makers: dict[str, Any]
) -> None:
    """Its path is constant, and the spread that NumPy finds of it is rounding; Adam has no temperature of it."""
    layers = (makers["Layer"](), makers["Layer"](d=16))
    tree = attached(learned, makers["Setting"](layers=layers, every=13, records=200))
    data = tree["reservoir"].to_dataset().copy(deep=True)
    for name in data:
        if "group" in data[name].dims:
            data[name][:, 1] = np.nan if name.split("_error")[0] in UNDEFINED else 0.0
    data["projection_position"][:, 1] = np.array([0.1, 0.7, 1.3, 0.3])
    if optimiser == "Adam":
        for name in ("temperature_noise", "temperature_kinetic"):
            data[name][:, 1] = data[f"{name}_error"][:, 1] = np.nan
    tree["reservoir"] = xr.DataTree(data)
    report = audit(tree)
    for name in ("canonical state", "detailed balance", "reservoir without entropy production"):
        assert "Left out, as it does not move: layer1." in report[name].detail
    bursts = WatchedReading(tree).bursts
    assert bursts is not None and bursts.records == 200
    assert dict(in_words(bursts, report.rows))["temperature"].startswith("layer0 ")
    assert json.loads(report.to_json())["rows"]


def test_shares_of_directions_are_of_the_whole_layer(
    attached: Callable[..., xr.DataTree], learned: xr.DataTree, makers: dict[str, Any]
) -> None:
    """20,000 parameters of which 4,096 were looked at: 7,000 directions are .35 of them."""
    tree = attached(learned, makers["Setting"]())
    tree.attrs["reservoir"] = {**tree.attrs["reservoir"], "parameters": [20_000, 20_000], "sampled": [4096, 4096]}
    data = tree["reservoir"].to_dataset().copy(deep=True)
    data["participation_ratio"][:], data["participation_ratio_error"][:] = 7_000.0, 100.0
    tree["reservoir"] = xr.DataTree(data)
    row = audit(tree)["isotropic noise"]
    assert (row.verdict, row.effect) == (Verdict.FAILED, pytest.approx(0.35))
    assert "7,000 ± 100 of 20,000 parameters" in row.detail and "a sample of 4,096" in row.detail


def test_layers_are_told_one_by_one(examine: Examine, makers: dict[str, Any]) -> None:
    layer = makers["Layer"]
    row = examine(layers=(layer(scale=np.geomspace(0.3, 3, 24)), layer(d=16)))["isotropic noise"]
    assert [(part.name, part.verdict) for part in row.parts] == [("layer0", Verdict.FAILED), ("layer1", Verdict.HELD)]
    assert row.effect == row.parts[0].effect and row.interval == row.parts[0].interval
    assert "Held in 1 of 2 layers, failed in 1." in row.detail
    plain = row.as_dict()["parts"]
    assert [part["verdict"] for part in plain] == ["failed", "held"] and type(plain[0]["effect"]) is float
    for part in row.parts:
        assert type(part.effect) is float and type(part.interval[0]) is float
        assert row.bound is not None and judge(part.interval, row.bound) is part.verdict


@pytest.mark.parametrize(
    ("replacement", "examples", "verdicts"),
    [
        (True, 32 * 200, {Verdict.HELD}),
        (False, 32 * 200, {Verdict.FAILED}),
        (False, None, {Verdict.UNDECIDED}),
        (None, 32 * 200, {Verdict.UNDECIDED}),
    ],
)
def test_epochs_are_counted_to_their_end(
    replacement: bool | None,
    examples: int | None,
    verdicts: set[Verdict],
    attached: Callable[..., xr.DataTree],
    learned: xr.DataTree,
    makers: dict[str, Any],
) -> None:
    """Epochs of 200 batches leave .1 within the ten recorded lags and .9 beyond: T → 0 over an epoch."""
    noise = makers["white"] if replacement else makers["epochs"](200)
    setting = makers["Setting"](layers=(makers["Layer"](d=600, noise=noise),), records=60)
    tree = attached(learned, setting)
    tree.attrs["reservoir"] = {**tree.attrs["reservoir"], "replacement": replacement, "examples": examples}
    row = audit(tree)["temperature of white noise"]
    assert row.verdict in verdicts, row
    if row.verdict is Verdict.FAILED:
        assert row.interval is not None and row.effect is not None
        assert row.interval[0] < 1 < row.interval[1] and row.effect == pytest.approx(1, abs=0.1)
        assert "r h M ≪ 1" in row.detail and "200 batches" in row.detail
    bursts = WatchedReading(tree).bursts
    assert bursts is not None
    exact = 2 * sum(-(200 - lag) / (200 * 199) for lag in range(11, 200))
    assert beyond(bursts) == {
        (True, 6400): (0.0, 0.0), (False, 6400): pytest.approx((exact, exact)), (False, None): (-1.0, 0.0),
        (None, 6400): pytest.approx((exact, 0.0)),
    }[replacement, examples]  # fmt: skip


@pytest.mark.parametrize("kept", [14, 19])
def test_few_records_that_remember_decide_no_difference(
    kept: int, attached: Callable[..., xr.DataTree], learned: xr.DataTree, makers: dict[str, Any]
) -> None:
    """A variance that wanders slowly: a handful of independent values at best."""
    tree = attached(learned, makers["Setting"](records=kept))
    data = tree["reservoir"].to_dataset().copy(deep=True)
    wander = np.exp(np.cumsum(np.random.default_rng(0).normal(size=(kept, 2)), 0))
    for name in ("noise_variance", "temperature_noise"):
        data[name][:] = wander
    tree["reservoir"] = xr.DataTree(data)
    report = audit(tree)
    for name in ("stationary noise", "one temperature"):
        assert report[name].verdict is Verdict.UNDECIDED
        assert "10 are needed to decide" in report[name].detail


def test_a_statistic_that_cannot_be_had_is_said(
    examine: Examine, makers: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def odd(*_: object, **__: object) -> None:
        raise np.linalg.LinAlgError("Singular matrix")

    monkeypatch.setattr("szilard.studies.kits.parameters.claims.temperatures.mutual_equilibrium", odd)
    rows = examine(records=30)
    for name in ("one temperature", "stationary parameters", "first fluctuation–dissipation relation"):
        assert rows[name].verdict is Verdict.UNCHECKABLE
        assert "too odd to judge: Singular matrix" in rows[name].detail
    assert rows["isotropic noise"].verdict is Verdict.HELD


def test_all_lags_together(attached: Callable[..., xr.DataTree], makers: dict[str, Any]) -> None:
    """Size over 40 white layers, by their count; and correlations too small for a single lag are seen."""
    small, ar1 = makers["Layer"](d=10), makers["Layer"](d=400, noise=makers["ar1"](0.05))
    ledger = xr.DataTree.from_dict({"ledger": bare_ledger()})
    chances = []
    for layers in ((small,) * 20, (ar1,)):
        reading = WatchedReading(attached(ledger, makers["Setting"](layers=layers, records=40, every=13)))
        assert reading.bursts is not None
        chances.append([portmanteau(reading.bursts, at, np.arange(1, 11)) for at in range(len(layers))])
        row = {each.name: each for each in findings(reading)}["white noise"]
        assert "All lags together: probability" in row.detail
    assert sum(p < 0.05 for p in chances[0]) <= 4
    assert chances[1][0] < 0.01
    few = WatchedReading(attached(ledger, makers["Setting"](layers=(small,), records=19))).bursts
    assert few is not None and math.isnan(portmanteau(few, 0, np.arange(1, 11)))


def test_layers_called_by_numbers_read_as_layers(
    attached: Callable[..., xr.DataTree], learned: xr.DataTree, makers: dict[str, Any]
) -> None:
    """As the modules of nn.Sequential are."""
    tree = attached(learned, makers["Setting"](records=30))
    tree.attrs["reservoir"] = {**tree.attrs["reservoir"], "groups": ["1", "3"]}
    tree["reservoir"] = xr.DataTree(tree["reservoir"].to_dataset().assign_coords(group=["1", "3"]))
    bursts = WatchedReading(tree).bursts
    assert bursts is not None and bursts.names == ("layer 1", "layer 3")
    for row in audit(tree).rows:
        assert not re.search(r"\b(in|coldest|against) [13](?![\d.])\b(?! of)", f"{row.detail} {row.where}"), row
        assert type(row.effect) in (float, type(None))
        assert {part.name for part in row.parts} <= {"layer 1", "layer 3"}


def test_layers_are_judged_together(examine: Examine, makers: dict[str, Any]) -> None:
    """Thirty sound layers are not accused because one of them is bound to stand out."""
    rows = examine(layers=(makers["Layer"](d=8),) * 30, records=40, seed=3)
    accused = [name for name in TRUE_AT_REST if rows[name].verdict is Verdict.FAILED]
    assert accused == []


def test_stretches_between_breaks_are_judged_on_their_own(examine: Examine, makers: dict[str, Any]) -> None:
    layers = (makers["Layer"](d=100), makers["Layer"](d=100))
    row = examine(growth=lambda time: np.where(time < 0.5, 1.0, 3.0), layers=layers, seed=2)["stationary noise"]
    assert row.verdict is Verdict.FAILED
    assert "Between breaks" in row.detail
    assert row.detail.count("held") == 2


def test_pure_noise_is_called_a_force_below_the_noise_and_nothing_else(
    examine: Examine, makers: dict[str, Any]
) -> None:
    layer = makers["Layer"]
    rows = examine(layers=(layer(curvature=0.0, start=0.0), layer(d=16, curvature=0.0, start=0.0)), seed=5)
    assert rows["force above the noise"].verdict is Verdict.FAILED
    low, high = rows["force above the noise"].interval or (math.nan, math.nan)
    assert low < 0 < high
    for name in ("stationary noise", "white noise", "one temperature", "one regime"):
        assert rows[name].verdict is not Verdict.FAILED


def test_few_directions_never_confirm_equilibrium(examine: Examine) -> None:
    rows = examine(seed=7)
    for name in ("canonical state", "detailed balance", "reservoir without entropy production"):
        row = rows[name]
        assert row.verdict is not Verdict.HELD
        if row.verdict is not Verdict.UNCHECKABLE:
            assert row.interval is not None and math.isinf(row.interval[1])
            assert "refute" in row.detail


def test_parameters_on_their_way_say_nothing_of_equilibrium(examine: Examine, makers: dict[str, Any]) -> None:
    layer = makers["Layer"]
    rows = examine(layers=(layer(start=30.0, curvature=0.02), layer(d=16, curvature=0.02, start=30.0)))
    for name in ("canonical state", "detailed balance", "reservoir without entropy production"):
        assert rows[name].verdict is Verdict.UNCHECKABLE
        assert "independent positions" in rows[name].detail


@pytest.mark.parametrize("records", [1, 2, 7, 9, 13])
def test_few_bursts_decide_nothing(records: int, examine: Examine) -> None:
    rows = examine(records=records)
    decided = {name for name, row in rows.items() if row.verdict in (Verdict.HELD, Verdict.FAILED)}
    if records < 8:
        assert decided <= {"isotropic noise", "finite variance"}
        assert f"{records} bursts" in rows["white noise"].detail
    assert {row.name for row in without()} <= set(rows)


def test_full_force_can_confirm_the_greatest(examine: Examine, makers: dict[str, Any]) -> None:
    layer = makers["Layer"](start=60.0, curvature=0.005, scale=0.1)
    sampled, full = (examine(layers=(layer,), records=20, every=15, full=full) for full in (False, True))
    assert sampled["greatest force above the noise"].verdict is Verdict.UNDECIDED
    assert full["greatest force above the noise"].verdict is Verdict.HELD
    assert full["force above the noise"].verdict is Verdict.HELD


def test_shuffled_epochs_are_no_fault_of_the_record(examine: Examine, makers: dict[str, Any]) -> None:
    row = examine(loop=1.25, layers=(makers["Layer"](d=60),), replacement=False)["noise of the loop"]
    assert (row.verdict, row.concerns) == (Verdict.FAILED, Concern.THEORY)
    assert "not seen for long" in row.detail


@pytest.mark.parametrize("factor", [0.5, 1.6])
def test_no_shuffling_makes_a_factor_of_two(examine: Examine, makers: dict[str, Any], factor: float) -> None:
    row = examine(loop=factor, layers=(makers["Layer"](d=60),), replacement=False)["noise of the loop"]
    assert (row.verdict, row.concerns) == (Verdict.FAILED, Concern.RECORD)
    assert "not seen for long" not in row.detail


def test_the_loop_concerns_the_record(examine: Examine, makers: dict[str, Any]) -> None:
    row = examine(loop=1.5, layers=(makers["Layer"](d=60),))["noise of the loop"]
    assert row.concerns is Concern.RECORD
    assert "augmentation" in row.detail
    report = Audit((row,))
    assert not report.sound
    assert "Do not rely on these numbers (noise of the loop failed)" in report.verdict


def test_autocorrelation_is_pooled_in_units_of_each_bursts_noise(
    attached: Callable[..., xr.DataTree], makers: dict[str, Any]
) -> None:
    """Against the sum written out, on noise that grows thirtyfold."""
    tree = attached(xr.DataTree.from_dict({"ledger": bare_ledger()}), makers["Setting"](growth=30.0))
    data = tree["reservoir"]
    bursts = WatchedReading(tree).bursts
    assert bursts is not None
    top = bottom = 0.0
    for k in range(bursts.records):
        fresh = float(data["noise_variance"][k, 1])
        top += float(data["noise_covariance"][k, 1, 3]) / fresh
        bottom += float(data["noise_covariance"][k, 1, 0]) / fresh
    found = autocorrelation(bursts, 1, [3])
    assert found.value == pytest.approx(top / bottom, abs=0.2 * found.error)  # the jackknife takes a little bias off


def test_a_record_without_bursts_names_the_design(learned: xr.DataTree) -> None:
    report = audit(learned)
    for claim in RESERVOIR:
        row = report[claim.name]
        assert row.verdict is Verdict.UNCHECKABLE
        assert "szilard.Reservoir(loss_fn, train_data)" in row.detail or "szilard run reversal" in row.detail
    assert "szilard run fig3" in report["white noise"].detail
    assert "szilard run heat-capacity" in report["canonical state"].detail
    with pytest.raises(KeyError):
        report["noise of the loop"]


def test_a_group_without_rows_is_no_reservoir(
    attached: Callable[..., xr.DataTree], learned: xr.DataTree, makers: dict[str, Any]
) -> None:
    tree = attached(learned, makers["Setting"](records=8))
    empty = tree["reservoir"].to_dataset().isel(step=slice(0, 0))
    tree["reservoir"] = xr.DataTree(empty)
    assert WatchedReading(tree).bursts is None
    assert audit(tree)["white noise"].verdict is Verdict.UNCHECKABLE


def test_bursts_without_numbers_are_set_aside_and_counted(
    attached: Callable[..., xr.DataTree], learned: xr.DataTree, makers: dict[str, Any]
) -> None:
    tree = attached(learned, makers["Setting"]())
    data = tree["reservoir"].to_dataset().copy(deep=True)
    data["noise_variance"][3, 0] = np.nan
    tree["reservoir"] = xr.DataTree(data)
    bursts = WatchedReading(tree).bursts
    assert bursts is not None and bursts.records == 79
    assert "1 bursts without finite numbers" in audit(tree)["noise of the loop"].detail


def test_a_layer_without_noise_does_not_silence_the_others(
    attached: Callable[..., xr.DataTree], learned: xr.DataTree, makers: dict[str, Any]
) -> None:
    tree = attached(learned, makers["Setting"](layers=(makers["Layer"](),) * 3))
    data = tree["reservoir"].to_dataset().copy(deep=True)
    for name in ("noise_variance", "noise_variance_loop", "noise_covariance", "temperature_noise"):
        data[name][:, 1] = 0.0
    tree["reservoir"] = xr.DataTree(data)
    report = audit(tree)
    for row in ("stationary noise", "one temperature"):
        assert report[row].verdict is Verdict.HELD
        assert "layer1" not in report[row].where
    assert report["white noise"].verdict is not Verdict.UNCHECKABLE


@pytest.mark.parametrize(
    "attributes",
    [None, {}, "odd", {"parameters": "many", "batch_size": "all", "groups": 3, "window": None, "examples": -1},
     {"parameters": [1], "groups": ["one"], "sampled": [2.5, "x"]}],
)  # fmt: skip
def test_a_record_that_says_little_of_itself_is_still_read(
    attributes: object, attached: Callable[..., xr.DataTree], learned: xr.DataTree, makers: dict[str, Any]
) -> None:
    tree = attached(learned, makers["Setting"](records=30))
    tree.attrs["reservoir"] = attributes
    report = audit(tree)
    assert json.loads(report.to_json())["rows"]
    assert report["stationary noise"].verdict is not Verdict.UNCHECKABLE


def test_the_group_of_a_whole_record(
    attached: Callable[..., xr.DataTree], learned: xr.DataTree, makers: dict[str, Any]
) -> None:
    report = audit(attached(learned, makers["Setting"]()))
    assert len({row.name for row in report.rows}) == len(report.rows)
    assert report.sound
    assert PREDICTED.name not in {row.name for row in report.rows}  # no works were predicted


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, Verdict.HELD), (2.0, Verdict.FAILED), (1.2, Verdict.UNDECIDED)])
def test_predicted_work_stands_beside_the_measured(
    factor: float, verdict: Verdict, attached: Callable[..., xr.DataTree], learned: xr.DataTree, makers: dict[str, Any]
) -> None:
    """The prediction is the ledger's own W per step at its finest interval, times a factor and some noise."""
    ledger = learned["ledger"].to_dataset()
    tree = attached(learned, makers["Setting"](records=30, every=20))
    data = tree["reservoir"].to_dataset().copy(deep=True)
    rate = np.gradient(ledger["work_by_interval"].values[:, 0])[data["step"].values]
    rng = np.random.default_rng(0)
    data["work_drift"] = ("step", 0.4 * factor * rate * rng.normal(1, 0.05, 30))
    data["work_diffusion"] = ("step", 0.6 * factor * rate * rng.normal(1, 0.05, 30))
    tree["reservoir"] = xr.DataTree(data)
    row = audit(tree)["predicted work"]
    assert row.verdict is verdict, row
    assert "at jumps of 1" in row.where


@pytest.mark.parametrize(
    ("optimizer", "interval", "share"),
    [
        ({"class": "SGD", "lr": 0.1, "momentum": 0.0}, 1, 1.0),
        ({"class": "SGD", "lr": 0.1, "momentum": 0.5}, 1, (1 - 0.5) / (1 + 0.5)),
        ({"class": "SGD", "lr": 0.1, "momentum": 0.5}, 10_000, 1.0),
        ({"class": "SGD", "lr": 0.0, "momentum": 0.5}, 1, 1.0),
        ({"class": "Odd"}, 3, 1.0),
        ({"class": "SGD", "lr": "much"}, 3, 1.0),
        (None, 3, 1.0),
    ],
)
def test_momentum_hides_part_of_the_diffusion_from_short_jumps(optimizer: object, interval: int, share: float) -> None:
    """At jumps of one step the variance is r²/(1 − β²) in place of r²/(1 − β)²."""
    assert coherence(optimizer, interval) == pytest.approx(share, rel=1e-3)


def test_even_records_leave_out_what_is_off_the_rhythm(
    attached: Callable[..., xr.DataTree], learned: xr.DataTree, makers: dict[str, Any]
) -> None:
    tree = attached(learned, makers["Setting"](records=20))
    data = tree["reservoir"].to_dataset()
    steps = data["step"].values.copy()
    steps[-1] -= 7
    bursts = Bursts.of(data.assign_coords(step=steps), tree.attrs)
    assert bursts.even == slice(10, 19)


def test_every_family_speaks(examine: Examine) -> None:
    assert len(FAMILIES) == 8


def test_the_table_says_where(
    attached: Callable[..., xr.DataTree], learned: xr.DataTree, makers: dict[str, Any]
) -> None:
    out = io.StringIO()
    report = audit(attached(learned, makers["Setting"]()))
    Console(file=out, width=100, force_terminal=False).print(report.table())
    text = out.getvalue()
    assert max(map(cell_len, text.splitlines())) <= 100  # combining letters take no place
    beside = " ".join(line[68:].strip() for line in text.splitlines())
    assert f"[{report['one regime'].where}]" in beside
    assert "[whole run]" not in text
