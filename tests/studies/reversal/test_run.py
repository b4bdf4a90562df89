"""The run ``reversal``: its record against torch's own optimiser, its verdicts, page and summary, and refusals."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from typer.testing import CliRunner

import szilard
from szilard.cli.app import app
from szilard.data import Dataset
from szilard.errors import ModelError, SpecError
from szilard.report import render
from szilard.studies.catalogue import apply, find
from szilard.studies.reversal import schema as reversal_schema
from szilard.studies.reversal import words
from szilard.studies.reversal.engine.laziness import KERNEL_COLUMNS, WHOLE_COLUMNS
from szilard.studies.reversal.engine.paths import _far
from szilard.studies.reversal.engine.replicate import Replicate
from szilard.studies.reversal.reading import over_seeds
from szilard.studies.reversal.run import ReversedTrainings
from szilard.studies.reversal.spec import Reversal, Wide
from szilard.studies.runner import run
from szilard.training import factory
from szilard.verdicts.finding import Verdict

pytestmark = pytest.mark.slow


def points(examples: int = 80) -> Dataset:
    """Three clouds in the plane."""
    generator = torch.Generator().manual_seed(1)
    labels = torch.arange(examples) % 3
    centres = torch.tensor([[0.0, 2.0], [2.0, 0.0], [-2.0, -1.0]])
    inputs = torch.randn(examples, 2, generator=generator) + centres[labels]
    return Dataset("points", inputs, labels, inputs[:20].clone(), labels[:20].clone(), ("a", "b", "c"))


SMALL = Reversal(
    model=factory("nets:mlp", widths=[2, 6, 3]),
    data=points(),
    twin=factory("nets:mlp", widths=[2, 6, 3], activation="tanh"),
    starts=(0, 30),
    steps=8,
    halvings=4,
    seeds=6,
    window=20,
    looks=3,
    probe=30,
    kernel_inputs=4,
    wide=Wide(widths=(8, 16, 32)),
)


@pytest.fixture(scope="module")
def carried_out(tmp_path_factory: pytest.TempPathFactory) -> tuple[szilard.Run, str]:
    """The run, and what it said meanwhile."""
    with contextlib.redirect_stderr(io.StringIO()) as said:
        record = run(SMALL, tmp_path_factory.mktemp("reversal") / "run")
    return record, said.getvalue()


@pytest.fixture(scope="module")
def record(carried_out: tuple[szilard.Run, str]) -> szilard.Run:
    return carried_out[0]


def test_the_record_holds_what_was_asked(record: szilard.Run) -> None:
    assert record.complete and record.attributes["kind_of_run"] == "reversal"
    tree = record.tree
    assert tree["reversal"].step.values.tolist() == list(range(9))
    assert dict(tree["reversal"].distance.sizes) == {
        "step": 9, "network": 2, "start": 2, "seed": 6, "rate": 5, "group": 3,
    }  # fmt: skip
    assert tree["reversal"].rate.values == pytest.approx([0.1 / 2**k for k in range(5)])
    assert tree["laziness"].step.values.tolist() == list(SMALL.looks_at) == [1, 4, 8, 20]
    assert tree["width"]["width"].values.tolist() == [8, 16, 32]
    assert record.attributes["networks"] == ["ReLU", "Tanh"]
    assert record.attributes["groups"] == ["all", "layer 1 (2 → 6)", "layer 2 (6 → 3)"]


def test_distances_are_those_of_torch_optim_run_backwards(record: szilard.Run) -> None:
    """The twin from its initialisation, at the second rate, third seed: SGD, then SGD with ``maximize``."""
    replicate = Replicate(SMALL, points(), 2)
    landscape = replicate.landscape(SMALL.twin.build, F.cross_entropy)  # type: ignore[union-attr]
    module, batches, rate = landscape.module, replicate.first_batches("of path 0", 8), 0.05
    seen = []
    for order, ascend in ((batches, False), (batches[::-1], True)):
        optimizer = torch.optim.SGD(module.parameters(), lr=rate, maximize=ascend)
        path = [nn.utils.parameters_to_vector(module.parameters()).detach().clone()]
        for inputs, labels in order:
            optimizer.zero_grad()
            F.cross_entropy(module(inputs), labels).backward()
            optimizer.step()
            path.append(nn.utils.parameters_to_vector(module.parameters()).detach().clone())
        seen.append(path)
    expected = [(back - forth).norm().item() for back, forth in zip(seen[1], seen[0][::-1], strict=True)]
    distance = record.tree["reversal"].distance.sel(rate=0.05, network=1, seed=2, start=0, group=0).values
    assert distance == pytest.approx(expected, rel=1e-8, abs=1e-15)


def test_groups_add_in_squares(record: szilard.Run) -> None:
    for name in ("distance", "displacement", "curvature"):
        values = record.tree["reversal"][name].values[1:]
        assert np.hypot(values[..., 1], values[..., 2]) == pytest.approx(values[..., 0], rel=1e-10)


def test_the_laws_hold_for_the_smooth_twin(record: szilard.Run) -> None:
    audit = record.audit()
    assert audit.sound
    assert audit["one step back, Tanh"].verdict == "held"
    assert audit["8 steps back, Tanh"].verdict == "held"
    assert audit["constant of the law, Tanh"].verdict == "held"
    assert audit["a step can be undone by a step"].verdict == "failed"
    assert (audit["wide is lazy"].effect or 0.0) < -0.4  # of widths that are not yet wide
    assert audit["no entropy production in Θ"].verdict == "cannot be checked here"
    assert "not the transition kernel" in audit["no entropy production in Θ"].detail
    assert len({row.name for row in audit.rows}) == len(audit.rows)


def test_summary_and_page_tell_of_it(record: szilard.Run) -> None:
    summary = record.summary()
    assert "share of the way missed" in summary and "not the transition kernel" in summary
    assert max(map(len, summary.splitlines())) <= 90
    page = render(record.tree, record.audit())
    for key in ("back", "width", "laziness", "law", "layers", "arithmetic"):
        assert f'id="{key}"' in page
    assert "generically not among them" in page


VERDICTS = (Verdict.HELD, Verdict.FAILED, Verdict.UNDECIDED)


@pytest.mark.parametrize(("lazy", "step"), [(lazy, step) for lazy in VERDICTS for step in VERDICTS])
def test_the_page_concludes_what_its_audit_does(record: szilard.Run, lazy: Verdict, step: Verdict) -> None:
    """Its heading, its words and the figure against width, for every outcome."""
    turned = {words.LAZY: lazy, words.STEP: step, words.LINEAR: Verdict.UNDECIDED}
    audit = record.audit()
    rows = (dataclasses.replace(row, verdict=turned.get(row.name, row.verdict)) for row in audit.rows)
    page = render(record.tree, dataclasses.replace(audit, rows=tuple(rows)))
    both = lazy is Verdict.HELD and step is Verdict.FAILED
    assert (page.count("Lazy does not imply reversible.") >= 2) is both
    assert ("Lazy is not reversible" in page) is both
    assert ("Lazy goes with reversible here" in page) is (lazy is step is Verdict.HELD)
    assert ("Is lazy reversible?" in page) is not (lazy is Verdict.HELD and step is not Verdict.UNDECIDED)
    assert "the loss does not become linear" not in page and "whether the loss becomes more linear" in page
    for name, verdict in ((words.LAZY, lazy), (words.STEP, step)):
        for told, at in zip(words.CONCLUSIONS[name], VERDICTS, strict=True):
            assert (told in page.replace("The kernel’s", "the kernel’s").replace("A step", "a step")) is (at is verdict)


def test_it_reproduces_and_a_seed_changes_it(tmp_path: Path) -> None:
    brief = dataclasses.replace(SMALL, seeds=1, starts=(0,), twin=None, wide=None, window=2)
    specs = (brief, brief, dataclasses.replace(brief, seed=1))
    before = torch.get_rng_state()
    records = [run(spec, tmp_path / str(place), quiet=True) for place, spec in enumerate(specs)]
    assert torch.equal(torch.get_rng_state(), before)
    one, again, other = (each.tree["reversal"].distance.values for each in records)
    assert np.array_equal(one, again)
    assert not np.isclose(one[1:], other[1:], rtol=1e-3).all()


def test_a_way_back_that_overflows_is_told(tmp_path: Path) -> None:
    hot = dataclasses.replace(
        SMALL, lr=2.5, twin=None, wide=None, halvings=1, steps=60, starts=(0,), window=60, looks=1
    )
    record = run(hot, tmp_path / "hot", quiet=True)
    assert record.tree["reversal"].distance.values[-1, 0, 0, :, 0, 0].max() > 1e20
    audit = record.audit()
    assert audit["retraced from step 0"].verdict == "failed"
    assert audit["lazy is reversible, step by step"].verdict == "cannot be checked here"
    assert "overflow" in render(record.tree, audit)


def test_what_overflows_is_infinitely_far_and_still_judged() -> None:
    assert _far(np.array([1.0, np.nan, np.inf])).tolist() == [1.0, math.inf, math.inf]
    assert over_seeds(np.array([1.0, 2.0, 3.0, 4.0, math.inf, math.inf])) == (3.5, (1.0, math.inf))


def test_a_constant_gradient_is_retraced(tmp_path: Path) -> None:
    """A loss that is linear in θ: Eq. 35 at its word; everything about it holds."""

    class Linear(nn.Module):
        def forward(self, output: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
            return -(output.gather(1, labels[:, None])).mean()

    spec = dataclasses.replace(
        SMALL, model=factory("nets:mlp", widths=[2, 3]), twin=None, wide=None, loss=factory(Linear), halvings=1
    )
    record = run(spec, tmp_path / "linear", quiet=True)
    audit = record.audit()
    for start in (0, 30):
        for name in ("retraced", "lazy kernel", "linear loss", "gradient without θ"):
            row = audit[f"{name} from step {start}"]
            assert row.verdict == "held" and row.effect is not None and row.effect < 1e-9, row.name


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("lr=0", "Reversal.lr must be positive"),
        ("steps=0", "Reversal.steps must be at least 1"),
        ("halvings=0", "from 1 to 30"),
        ("starts=[5, 0]", "rising training steps"),
        ("kernel_inputs=31", "no more than the probe's examples"),
        ("wide.widths=[8]", "at least two rising"),
        ("wide.activation=relux", "one of relu"),
        ("device=cuda", "'cpu'"),
        ("seeds=2.5", "a whole number"),
        ("momentum=0.9", "no setting 'momentum'"),
    ],
)
def test_bad_settings_are_refused_by_name(change: str, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        apply(dataclasses.replace(SMALL, data="digits"), [change])


def test_what_cannot_be_reversed_is_refused(tmp_path: Path) -> None:
    for settings, said in (({"dropout": 0.5}, "differs from call to call"), ({"batch_norm": True}, "has no reverse")):
        model = factory("nets:mlp", widths=[2, 6, 3], **settings)
        with pytest.raises(ModelError, match=said):
            run(dataclasses.replace(SMALL, model=model, twin=None), tmp_path / said[:4], quiet=True)
    with pytest.raises(SpecError, match="the same layers"):
        other = factory("nets:mlp", widths=[2, 6, 6, 3])
        run(dataclasses.replace(SMALL, twin=other), tmp_path / "twin", quiet=True)
    with pytest.raises(SpecError, match="lower probe"):
        run(dataclasses.replace(SMALL, probe=81), tmp_path / "probe", quiet=True)
    with pytest.raises(SpecError, match="cannot be resumed"):
        run(SMALL, tmp_path / "resume", quiet=True, resume=True)
    assert not list(tmp_path.glob("*/record.zarr"))


def test_toml_and_back(tmp_path: Path) -> None:
    spec = find("reversal", "digits")
    path = tmp_path / "spec.toml"
    path.write_text(spec.to_toml(), encoding="utf-8")
    assert find(str(path)) == spec
    assert isinstance(find("reversal", "mnist"), Reversal)
    with pytest.raises(SpecError, match="'reversal' has no settings for the data"):
        find("reversal", "cifar")


def test_quick_is_the_same_run_with_less_of_everything() -> None:
    whole, quick = find("reversal", "digits"), find("reversal", "digits").quick()
    assert isinstance(whole, Reversal) and isinstance(quick, Reversal) and whole.wide and quick.wide
    for name in ("seeds", "halvings", "steps", "window", "looks"):
        assert getattr(quick, name) < getattr(whole, name), name
    assert quick.starts == (0, 500) and quick.wide.widths == (25, 50, 100)
    assert (quick.lr, quick.batch_size, quick.model) == (whole.lr, whole.batch_size, whole.model)
    assert dataclasses.replace(SMALL, wide=None).quick().wide is None and quick.quick() == quick
    assert isinstance(find("reversal", "mnist").quick(), Reversal)


def test_it_says_beforehand_what_it_does_and_how_long(
    carried_out: tuple[szilard.Run, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = carried_out[1]
    assert (
        "2 networks, 6 seeds, 8 steps forward and back at 5 rates from 2 points of training, and networks of 3" in said
    )
    assert re.search(r"about \d+ seconds on this machine", said) and "cannot be resumed" in said
    run(dataclasses.replace(SMALL, seeds=1, starts=(0,), twin=None, wide=None), tmp_path / "quiet", quiet=True)
    assert not capsys.readouterr().err


def test_the_time_grows_with_what_is_done() -> None:
    """In proportion to the seeds, and by less than twice what is tried of anything else."""
    brief = dataclasses.replace(SMALL, twin=None, wide=None)
    long = dataclasses.replace(brief, steps=4000, seeds=60)
    assert ReversedTrainings(long, points()).seconds() > 20 * ReversedTrainings(brief, points()).seconds()


def test_the_command_runs(tmp_path: Path) -> None:
    settings = ["starts=[0]", "steps=3", "halvings=1", "seeds=1", "window=3", "looks=1", "kernel_inputs=2", "probe=8"]
    changes = [part for setting in [*settings, "wide=none", "twin=none"] for part in ("--set", setting)]
    done = CliRunner().invoke(app, ["run", "reversal", *changes, "--out", str(tmp_path / "run")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "run" / "report.html").exists()
    assert "run back" in done.output


def test_the_pages_name_every_variable_finding_and_attribute(record: szilard.Run) -> None:
    folder = Path(__file__).parents[3] / "docs" / "quantities"
    page = (folder / "reversibility.md").read_text(encoding="utf-8")
    laziness = (folder / "laziness.md").read_text(encoding="utf-8")
    for group in reversal_schema.reversal_groups(networks=1, starts=(0,), seeds=1, rates=(1.0,), groups=1, widths=(1,)):
        for variable in group.variables:
            assert f"`{variable.name}`" in page, variable.name
    for column in (*KERNEL_COLUMNS, *WHOLE_COLUMNS):
        assert f"`{column}`" in laziness, column
    told = re.sub(r"[^\w ]", " ", page)
    for finding in record.audit().rows:
        name = re.sub(r"( from step .*|, \w+$|^\d+ )", "", finding.name).replace("steps back", "one step back")
        assert all(word in told for word in re.sub(r"[^\w ]", " ", name).split()), finding.name
    general = {"schema_version", "szilard_version", "forward_precision"}
    assert {name for name in record.attributes if f"`{name}`" not in page} <= general
