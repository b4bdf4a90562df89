"""The run ``tradeoff``: its record, page and summary, what it refuses, and that it reproduces."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr
from typer.testing import CliRunner

import szilard
from szilard import data
from szilard.cli.app import app
from szilard.errors import ModelError, SpecError
from szilard.ledger.lagged import lagged_ratio
from szilard.report import render
from szilard.studies.catalogue import apply, find
from szilard.studies.runner import run
from szilard.studies.tradeoff.claims.advice import foretold, predicted
from szilard.studies.tradeoff.engine.pixels import pixels_of
from szilard.studies.tradeoff.reading import read
from szilard.studies.tradeoff.schema import LAG, TRADEOFF
from szilard.studies.tradeoff.spec import TradeOff

pytestmark = pytest.mark.slow

SMALL = TradeOff(
    shape=(3, 2),
    hidden=3,
    size=30,
    datasets=4,
    distance=15.0,
    updates=(20, 40, 80),
    sampler_steps=(1, 2, 4),
    chains=20,
    records=2,
    workers=1,
)


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> szilard.Run:
    return run(SMALL, tmp_path_factory.mktemp("tradeoff") / "run", quiet=True)


def test_the_record_holds_what_was_asked(record: szilard.Run) -> None:
    assert record.complete and record.attributes["kind_of_run"] == "tradeoff"
    assert dict(record.data.work.sizes) == {"step": 3, "state": 18, "member": 8}
    assert record.data.step.values.tolist() == [0, 10, 20]
    lag = record.tree["lag"]
    assert dict(lag.work_dissipated.sizes) == {"step": 3, "way": 9, "sampler_steps": 3, "member": 8}
    states = record.attributes["states"]
    assert [state["chains"] for state in states] == [None] * 9 + [20] * 9
    assert states[1] == {"updates": 20, "sampler_steps": 2, "chains": None, "rate": 0.75}
    # chains with a state's own τ that have no say go where its own go
    for way, state in enumerate(states[:9]):
        own = lag.work_dissipated.sel(sampler_steps=state["sampler_steps"]).values[:, way]
        assert np.allclose(own, record.data.work_dissipated.values[:, way], atol=1e-13)


def test_what_was_recorded_is_consistent(record: szilard.Run) -> None:
    audit = record.audit()
    assert audit.sound and audit.rows
    assert len({row.name for row in audit.rows}) == len(audit.rows)
    for name in ("dissipation pays for lag and production", "Jarzynski's identity", "conservation of information"):
        assert audit[name].verdict == "held", audit[name]
    assert audit["smaller updates bring Σ to 0"].verdict == "held"
    assert audit["larger τ brings Σ to 0"].verdict == "failed"
    assert audit["compute is best spent on updates"].verdict == "held"
    assert audit["M-info equals L-info"].verdict == "cannot be checked here"


def test_efficiencies_and_their_errors_agree_with_the_record(record: szilard.Run) -> None:
    reading = read(record.tree)
    for state in reading.states:
        mine, theirs = reading.efficiencies(state), reading.of_ensemble("efficiency", state)
        assert mine[0] == pytest.approx(theirs.value, rel=1e-12)
        assert math.sqrt(3 * np.var(mine[1:])) == pytest.approx(theirs.error, rel=1e-12)
    same = reading.difference(reading.states[0], reading.states[0])
    assert (same.value, same.error) == (0, 0)
    groups = reading.equal_compute(None)
    assert [[(state.updates, state.sampler_steps) for state in states] for states in groups] == [
        [(40, 1), (20, 2)], [(80, 1), (40, 2), (20, 4)], [(80, 2), (40, 4)],
    ]  # fmt: skip


def test_summary_and_page_tell_of_it(record: szilard.Run) -> None:
    said = record.summary()
    assert "efficiency ΔI/(ΔI + Σ), gradients from 20 chains" in said and "τ = 4" in said
    page = render(record.tree, record.audit())
    for key in ("carnot", "production", "split", "way", "trained"):
        assert f'id="{key}"' in page, key
    assert page.index('id="carnot"') < page.index('id="production"')


def test_a_start_alone_has_a_page_too(record: szilard.Run) -> None:
    """Of a run that was broken off as its record was written."""
    tree = xr.DataTree.from_dict(
        {"/": xr.Dataset(attrs=record.tree.attrs)}
        | {f"/{group}": record.tree[group].to_dataset().isel(step=slice(1)) for group in ("tradeoff", "lag")}
    )
    audit = szilard.audit.audit(tree)
    assert audit["complete record"].verdict == "failed" and audit.sound
    assert "Nothing yet" in render(tree, audit)


def dragged(contraction: float, datasets: int = 5) -> xr.DataTree:
    """The record of a lagging Gaussian that is dragged at constant speed: work 1 per unit of way, nothing trained."""
    steps, way = (1, 2, 4), np.array([0.0, 0.5, 1.0])
    speeds = 1 + 0.1 * np.arange(datasets)
    work = way[:, None, None] * speeds  # (step, state, member)
    dissipated = np.stack([work[:, 0] * lagged_ratio(contraction**tau) for tau in steps], 1)[:, None]
    names = ("work", "ep_conditional", "cross_entropy")
    tradeoff = xr.Dataset(dict.fromkeys(names, (("step", "state", "member"), work))).assign_coords(step=[0, 5, 10])
    lag = xr.Dataset({"work_dissipated": (("step", "way", "sampler_steps", "member"), dissipated)})
    tradeoff["l_info_without"] = (("step", "state", "cluster"), np.zeros((3, 1, datasets)))
    state = {"updates": 10, "sampler_steps": 1, "chains": None, "rate": 0.1}
    others = [{**state, "sampler_steps": tau} for tau in steps[1:]]
    tradeoff = xr.concat([tradeoff] * 3, "state")
    attributes = {"kind_of_run": "tradeoff", "status": "complete", "states": [state, *others]}
    return xr.DataTree.from_dict({"/": xr.Dataset(attrs=attributes), "/tradeoff": tradeoff, "/lag": lag})


@pytest.mark.parametrize("contraction", [0.1, 0.6])
def test_the_foretelling_is_exact_where_its_model_is(contraction: float) -> None:
    reading = read(dragged(contraction))
    state = reading.adviser
    for tau in (2, 4):
        ratio = foretold(reading, state, tau)
        assert ratio.value == pytest.approx(1, rel=1e-9) and ratio.error < 1e-9
    advice = reading.advice(state)
    assert advice.contraction == pytest.approx(contraction)
    assert predicted(advice.lag.value, 0.12, advice.steps) == pytest.approx(0.1 * advice.lag.value, rel=1e-6)


def test_pixels_of_the_digits() -> None:
    pixels = pixels_of(SMALL, data.load("digits"))
    assert pixels.examples.shape == (8, 30, 6) and set(pixels.examples.unique().tolist()) == {0.0, 1.0}
    assert torch.equal(pixels.examples[0], pixels.examples[1])  # two seeds of one data set
    assert not torch.equal(pixels.examples[0], pixels.examples[2])
    assert pixels.held_out.sum().item() == pytest.approx(1)
    assert 0.3 < pixels.examples.mean() < 0.7 and pixels.independent < 6.5 * math.log(2)


def test_it_reproduces_on_any_number_of_workers(tmp_path: Path) -> None:
    brief = dataclasses.replace(SMALL, updates=(10,), sampler_steps=(1, 3), distance=5.0)
    specs = (brief, dataclasses.replace(brief, workers=2), dataclasses.replace(brief, seed=1))
    one, two, other = (run(spec, tmp_path / str(place), quiet=True).data for place, spec in enumerate(specs))
    for name in ("ep_conditional", "l_info", "cross_entropy"):
        assert np.array_equal(one[name].values, two[name].values), name
        assert not np.isclose(one[name].values[-1], other[name].values[-1]).all(), name


def test_quick_is_the_same_run_with_less_of_it() -> None:
    whole, quick = find("tradeoff", "digits"), find("tradeoff", "digits").quick()
    assert isinstance(whole, TradeOff) and isinstance(quick, TradeOff)
    assert len(quick.states) < len(whole.states) and quick.updates[-1] < whole.updates[-1]
    assert quick.quick() == quick and quick.datasets == whole.datasets


def test_one_state_of_each_kind_is_enough(tmp_path: Path) -> None:
    lone = dataclasses.replace(SMALL, updates=(10,), sampler_steps=(2,), distance=5.0)
    made = run(lone, tmp_path / "lone", quiet=True)
    assert made.audit()["larger τ brings Σ to 0"].verdict == "cannot be checked here"
    assert "efficiency" in made.summary() and 'id="carnot"' in render(made.tree, made.audit())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("shape=[4, 4]", "2 to 12 pixels"),
        ("shape=[12]", "rows and columns"),
        ("hidden=9", "from 1 to 8"),
        ("datasets=2", "errors are taken over them"),
        ("updates=[100, 50]", "rising positive"),
        ("sampler_steps=[]", "at least one"),
        ("sampler_steps=[0, 1]", "rising positive"),
        ("records=51", "smallest number of updates"),
        ("chains=1", "at least 2, or none"),
        ("distance=0", "positive"),
        ("device=cuda", "'cpu'"),
        ("tau=3", "no setting 'tau'"),
    ],
)
def test_bad_settings_are_refused_by_name(change: str, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        apply(find("tradeoff", "digits"), [change])


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="share none take 4,000"):
        run(dataclasses.replace(SMALL, size=1000), tmp_path / "size", quiet=True)
    rows = np.zeros((90, 5), dtype=np.float32)
    flat = data.from_arrays(rows, np.zeros(90, dtype=int), rows, name="flat")
    with pytest.raises(SpecError, match="give grey images"):
        run(dataclasses.replace(SMALL, data=flat), tmp_path / "flat", quiet=True)
    with pytest.raises(SpecError, match="cannot be resumed"):
        run(SMALL, tmp_path / "resume", quiet=True, resume=True)
    with pytest.raises(ModelError, match="training diverged with 20 updates"):
        run(dataclasses.replace(SMALL, distance=1e6, updates=(20,)), tmp_path / "far", quiet=True)
    assert not list(tmp_path.glob("*/record.zarr"))


def test_toml_and_back(tmp_path: Path) -> None:
    spec = find("tradeoff", "digits")
    path = tmp_path / "spec.toml"
    path.write_text(spec.to_toml(), encoding="utf-8")
    assert find(str(path)) == spec


def test_the_command_runs_and_says_beforehand_how_long(tmp_path: Path) -> None:
    settings = ["updates=[10,20]", "sampler_steps=[1,2]", "shape=[2,2]", "hidden=2", "records=2", "distance=5"]
    changes = [part for setting in settings for part in ("--set", setting)]
    done = CliRunner().invoke(app, ["run", "tradeoff", *changes, "--out", str(tmp_path / "run")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "run" / "report.html").exists() and "efficiency" in done.output
    assert "8 states of 12 trainings, 20 updates at most: about" in done.output + done.stderr


def test_the_page_names_every_variable_finding_and_attribute(record: szilard.Run) -> None:
    page = (Path(__file__).parents[3] / "docs" / "tradeoff.md").read_text(encoding="utf-8")
    assert all(f"`{variable.name}`" in page for variable in (*TRADEOFF, *LAG))
    for finding in record.audit().rows:
        assert finding.name.partition(" (")[0] in page, finding.name
    general = {"schema_version", "szilard_version"}
    assert {name for name in record.attributes if f"`{name}`" not in page} <= general
