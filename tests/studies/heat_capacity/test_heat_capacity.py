"""The run ``heat-capacity``: equipartition where it is exact, the record, its page and summary, and what it refuses."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import xarray as xr
from typer.testing import CliRunner

import szilard
from szilard.cli.app import app
from szilard.data import Dataset
from szilard.ensemble.trainer import Cohort
from szilard.errors import ModelError, SpecError
from szilard.report import render
from szilard.studies.catalogue import apply, find
from szilard.studies.heat_capacity.reading import HeatCapacityReading
from szilard.studies.heat_capacity.run import StationaryTrainings
from szilard.studies.heat_capacity.schema import HEAT
from szilard.studies.heat_capacity.spec import HeatCapacity, State
from szilard.studies.heat_capacity.stationary import Observer
from szilard.studies.runner import run
from szilard.training import factory

pytestmark = pytest.mark.slow


def points(examples: int = 90) -> Dataset:
    """Three clouds in the plane that overlap."""
    generator = torch.Generator().manual_seed(1)
    labels = torch.arange(examples) % 3
    centres = torch.tensor([[0.0, 1.0], [1.0, 0.0], [-1.0, -1.0]])
    inputs = torch.randn(examples, 2, generator=generator) + centres[labels]
    return Dataset("points", inputs, labels, inputs[:20].clone(), labels[:20].clone(), ("a", "b", "c"))


SMALL = HeatCapacity(
    model=factory("nets:mlp", widths=[2, 6, 3]),
    data=points(),
    size=60,
    weight_decay=0.05,
    batches=(2, 4, 8),
    rates=(0.2, 0.1),
    widths=(3, 12),
    seeds=4,
    burn=300,
    window=400,
    looks=20,
)


def test_quick_is_the_same_run_with_less_of_everything() -> None:
    whole, quick = find("heat-capacity", "digits"), find("heat-capacity", "digits").quick()
    assert isinstance(whole, HeatCapacity) and isinstance(quick, HeatCapacity)
    assert len(quick.states) < len(whole.states) and len(quick.batches) == 3
    for name in ("seeds", "burn", "window", "looks"):
        assert getattr(quick, name) < getattr(whole, name), name
    assert quick.burn >= 3 / (quick.rates[0] * quick.weight_decay)  # still stationary
    assert quick.quick() == quick and isinstance(find("heat-capacity", "mnist").quick(), HeatCapacity)


def test_it_says_beforehand_what_it_does_and_how_long(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(dataclasses.replace(SMALL, burn=30, window=40), tmp_path / "told")
    said = capsys.readouterr().err
    assert "12 states of 4 trainings, 70 steps or more each: about" in said and "cannot be resumed" in said


def test_the_time_grows_with_the_steps() -> None:
    longer = dataclasses.replace(SMALL, burn=30_000, window=40_000)
    one, hundred = (StationaryTrainings(spec, points()).seconds() for spec in (SMALL, longer))
    assert 10 * one < hundred < 1000 * one


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> szilard.Run:
    return run(SMALL, tmp_path_factory.mktemp("heat") / "run", quiet=True)


def quadratic(curvatures: np.ndarray, rate: float, batches: tuple[int, ...], members: int = 6) -> xr.DataTree:
    """The record of SGD on ½ Σ h θ² with Gaussian noise of unequal variances c/|b|: nothing of it is trained."""
    rng = np.random.default_rng(3)
    dim, looks, between = len(curvatures), 400, 25
    noise = np.linspace(0.5, 2.0, dim)
    halves = (slice(None), slice(0, dim // 2), slice(dim // 2, dim))
    columns: dict[str, list[np.ndarray]] = {name: [] for name in ("energy", "virial", "temperature_kinetic")}
    theta = np.zeros((len(batches), members, dim))
    spread = np.sqrt(noise / np.array(batches)[:, None, None])
    for step in range(between * (looks + 40)):
        if step % between == 0 and step >= 40 * between:
            force = curvatures * theta
            columns["energy"].append((0.5 * theta * force).sum(-1))
            columns["virial"].append(np.stack([(0.5 * theta * force)[..., half].sum(-1) for half in halves], -1))
            square = force**2 + spread**2
            columns["temperature_kinetic"].append(
                np.stack([0.5 * rate * square[..., half].mean(-1) for half in halves], -1)
            )
        theta = theta - rate * (curvatures * theta + spread * rng.standard_normal(theta.shape))
    dims = {"energy": ("step", "state", "member")}
    heat = xr.Dataset(
        {
            name: (dims.get(name, ("step", "state", "member", "group")), np.array(values))
            for name, values in columns.items()
        }
    )
    heat["temperature_noise"] = heat["temperature_kinetic"]
    states = [{"width": 1, "rate": rate, "batch": batch, "parameters": [dim, dim // 2, dim // 2]} for batch in batches]
    attributes = {
        "kind_of_run": "heat-capacity", "status": "complete", "states": states, "groups": ["all", "soft", "stiff"],
    }  # fmt: skip
    return xr.DataTree.from_dict(
        {"/": xr.Dataset(attrs=attributes), "/heat": heat.assign_coords(step=np.arange(looks))}
    )


@pytest.mark.parametrize("rate", [0.02, 0.3])
def test_a_quadratic_has_half_for_each_parameter(rate: float) -> None:
    """Exactly so in the kinetic temperature, at any rate: ⟨θ·∇U⟩ = ½ r⟨‖g_B‖²⟩, whatever curvature and noise."""
    tree = quadratic(np.linspace(1.0, 3.0, 12), rate, (1, 2, 4, 8))
    reading = HeatCapacityReading(tree)
    for group, half in ((0, 6.0), (1, 3.0), (2, 3.0)):
        capacity = reading.capacity(reading.families[0], group)
        line = reading.line(reading.families[0], group)
        assert capacity is not None and line is not None
        assert abs(capacity.z(half)) < 4, (group, str(capacity))
        assert abs(line.capacity.z(half)) < 4, (group, str(line.capacity))
        assert capacity.error < 0.1 * half and line.capacity.error < 0.1 * half
        assert abs(line.ground.value) < 4 * line.ground.error
    audit = szilard.audit.audit(tree)
    assert audit["equipartition"].verdict == "held"
    assert audit["stationary states"].verdict == "held"


def test_one_look_against_a_transcription() -> None:
    """Energy, both temperatures and the virial of two members, example by example."""
    torch.manual_seed(0)
    dataset = points()
    rows = torch.stack([torch.arange(10), torch.arange(10, 20)])
    cohort = Cohort(dataset.train_inputs, rows, dataset.train_labels[rows])
    spec = dataclasses.replace(SMALL, rates=(0.3,))
    models = [spec.of_width(6).build() for _ in range(2)]
    from szilard.ensemble.per_example import make_gradients

    onlooker = Observer(make_gradients(models[0], F.cross_entropy), cohort, State(6, 0.3, 4), 0.05)
    stacked = {
        name: torch.stack([dict(model.named_parameters())[name].detach() for model in models])
        for name, _ in models[0].named_parameters()
    }
    origin = {name: 0.9 * value for name, value in stacked.items()}
    onlooker.take_from([origin])
    look = onlooker.look(stacked)
    for member, model in enumerate(models):
        gradients, losses = [], []
        for row in rows[member]:
            model.zero_grad()
            loss = F.cross_entropy(model(dataset.train_inputs[row : row + 1]), dataset.train_labels[row : row + 1])
            loss.backward()
            losses.append(loss.item())
            gradients.append(torch.cat([each.grad.flatten() for each in model.parameters() if each.grad is not None]))
        each, theta = (
            torch.stack(gradients).double(),
            torch.cat([p.detach().flatten() for p in model.parameters()]).double(),
        )
        force = each.mean(0) + 0.05 * theta
        trace = (each - each.mean(0)).square().sum(1).mean() / 4
        assert look["energy"][member] == pytest.approx(np.mean(losses) + 0.025 * theta.square().sum().item(), rel=1e-5)
        assert look["temperature_noise"][member, 0] == pytest.approx(0.15 * trace.item() / len(theta), rel=1e-4)
        kinetic = 0.15 * (trace + force.square().sum()).item() / len(theta)
        assert look["temperature_kinetic"][member, 0] == pytest.approx(kinetic, rel=1e-4)
        assert look["virial"][member, 0] == pytest.approx(0.05 * (theta @ force).item(), rel=1e-4)
        assert look["virial"][member, 1:].sum() == pytest.approx(look["virial"][member, 0], rel=1e-10)


def test_the_record_holds_what_was_asked(record: szilard.Run) -> None:
    assert record.complete and record.attributes["kind_of_run"] == "heat-capacity"
    heat = record.tree["heat"]
    assert dict(heat.energy.sizes) == {"step": 20, "state": 12, "member": 4}
    assert heat.virial.sizes["group"] == 3
    states = record.attributes["states"]
    assert [state["width"] for state in states] == [6] * 6 + [3] * 3 + [12] * 3
    assert states[0]["parameters"] == [39, 18, 21] and states[-1]["parameters"] == [75, 36, 39]
    assert heat.step.values[-1] == 700
    hot, cold = (float(heat.temperature_kinetic[:, place, :, 0].mean()) for place in (0, 2))
    assert 2 < hot / cold < 10


def test_summary_audit_and_page_tell_of_it(record: szilard.Run) -> None:
    audit = record.audit()
    assert audit.sound
    assert len({row.name for row in audit.rows}) == len(audit.rows)
    assert audit["canonical state"].verdict == "cannot be checked here"
    assert "dU/dT" in record.summary()
    page = render(record.tree, audit)
    for key in ("energy", "layers", "temperatures", "width"):
        assert f'id="{key}"' in page


def test_it_reproduces(tmp_path: Path) -> None:
    brief = dataclasses.replace(SMALL, rates=(0.2,), widths=(), burn=20, window=20, looks=4)
    one, two, other = (
        run(spec, tmp_path / str(place), quiet=True).tree["heat"].energy.values
        for place, spec in enumerate((brief, brief, dataclasses.replace(brief, seed=1)))
    )
    assert np.array_equal(one, two) and not np.isclose(one, other).all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("weight_decay=0", "nothing is stationary without it"),
        ("batches=[5, 10]", "at least three rising"),
        ("batches=[20, 10, 5]", "at least three rising"),
        ("rates=[]", "at least one positive"),
        ("rates=[0.1, 0.1]", "different from one another"),
        ("widths=[50, 25]", "rising positive"),
        ("seeds=1", "errors are taken over them"),
        ("looks=1", "at least 2"),
        ("window=3", "at least as many steps as looks"),
        ("device=cuda", "'cpu'"),
        ("momentum=0.9", "no setting 'momentum'"),
    ],
)
def test_bad_settings_are_refused_by_name(change: str, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        apply(find("heat-capacity", "digits"), [change])


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="at least one hidden layer"):
        dataclasses.replace(SMALL, model=factory("nets:mlp", widths=[2, 3]))
    with pytest.raises(SpecError, match="has 90 training examples: lower it"):
        run(dataclasses.replace(SMALL, size=91), tmp_path / "size", quiet=True)
    with pytest.raises(SpecError, match="cannot be resumed"):
        run(SMALL, tmp_path / "resume", quiet=True, resume=True)
    with pytest.raises(ModelError, match="training diverged at width 6"):
        run(dataclasses.replace(SMALL, rates=(500.0,), widths=()), tmp_path / "hot", quiet=True)
    assert not list(tmp_path.glob("*/record.zarr"))


def test_toml_and_back(tmp_path: Path) -> None:
    spec = find("heat-capacity", "digits")
    path = tmp_path / "spec.toml"
    path.write_text(spec.to_toml(), encoding="utf-8")
    assert find(str(path)) == spec
    assert isinstance(find("heat-capacity", "mnist"), HeatCapacity)


def test_the_command_runs(tmp_path: Path) -> None:
    settings = ["batches=[5,10,20]", "rates=[0.1]", "widths=[]", "seeds=2", "looks=2", "burn=4", "window=4", "size=50"]
    changes = [part for setting in settings for part in ("--set", setting)]
    done = CliRunner().invoke(app, ["run", "heat-capacity", *changes, "--out", str(tmp_path / "run")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "run" / "report.html").exists() and "dU/dT" in done.output


def test_the_page_names_every_variable_finding_and_attribute(record: szilard.Run) -> None:
    page = (Path(__file__).parents[3] / "docs" / "quantities" / "heat-capacity.md").read_text(encoding="utf-8")
    assert all(f"`{variable.name}`" in page for variable in HEAT)
    for finding in record.audit().rows:
        assert finding.name.partition(" in layer")[0] in page, finding.name
    general = {"schema_version", "szilard_version"}
    assert {name for name in record.attributes if f"`{name}`" not in page} <= general
