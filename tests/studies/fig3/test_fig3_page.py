"""The page of Figure 3: four panels, four answers, whatever the record lacks."""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
import xarray as xr

import szilard
from szilard.audit import Audit, audit
from szilard.page.safe import embed
from szilard.report import render
from szilard.studies.fig3.figures import FIGURES, LEADING, figures
from szilard.studies.fig3.figures.noise import _breaks, _broken
from szilard.studies.fig3.reading import read
from szilard.studies.fig3.spec import Figure3, fig3
from szilard.studies.fig3.words import summary
from szilard.studies.registry import studies, study_of
from szilard.studies.study import at

pytestmark = pytest.mark.slow

NOTHING = Audit(())
SMALL = dataclasses.replace(
    fig3("digits"), trials=(3,), steps=200, lr=0.01, records=20, points=40, starts=(50,), lags=4, window=4, examples=64,
    fresh=16, workers=1,
)  # fmt: skip
HOSTILE = "</script><script>document.title='pwned'</script><img src=x onerror=alert(1)>"


def run_of(place: Path, **changes: Any) -> szilard.Run:
    """A miniature, trained."""
    spec: Figure3 = dataclasses.replace(SMALL, **changes)
    return szilard.run(spec, place, quiet=True)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> szilard.Run:
    return run_of(tmp_path_factory.mktemp("fig3") / "run")


def drawn(tree: xr.DataTree) -> dict[str, Any]:
    """Every figure by its key, as a browser gets it."""
    reading = read(tree)
    found = [figure for figure in (LEADING(reading), *figures(reading)) if figure is not None]
    plain = {figure.key: json.loads(embed({"data": figure.data, "layout": figure.layout})) for figure in found}
    for figure in plain.values():
        assert go.Figure(figure, skip_invalid=False).data
        assert all(axis["title"]["text"] for name, axis in figure["layout"].items() if "axis" in name)
    return plain


def text_of(page: str) -> str:
    body = re.sub(r"<script.*?</script>|<style.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", body)


def test_every_study_has_its_parts() -> None:
    parts = ("reading:read", "claims:findings", "words:summary", "page:content", "run:carry_out")
    for study in studies():
        assert all(callable(at(f"{study.home}.{part}")) for part in parts)
        assert all(callable(at(address)) for address in (*study.runs.values(), *study.specs.values()))


def test_the_four_panels_and_the_rest_are_drawn(small: szilard.Run) -> None:
    found = drawn(small.tree)
    assert set(found) == {"fig3", "ratio", "white", "layers", "force"} and len(found) == 1 + len(FIGURES)
    layout = found["fig3"]["layout"]
    assert {name for name in layout if "axis" in name} == {f"{x}axis{n}" for x in "xy" for n in ("", "2", "3", "4")}
    notes = " ".join(note["text"] for note in layout["annotations"])
    for part in ("<b>a</b>", "<b>b</b>", "<b>c</b>", "<b>d</b>", "|b| = 1", "|b| = 10", "|b| = 100", "max |∇U_B|"):
        assert part in notes
    # Every trace and note lies within its own panel.
    assert {trace["yaxis"] for trace in found["fig3"]["data"]} == {"y", "y2", "y3", "y4"}
    for one, other in ((1, 2), (3, 4)):
        left, right = (layout["xaxis" if n == 1 else f"xaxis{n}"]["domain"] for n in (one, other))
        assert left[1] < right[0]


def test_the_panels_are_stacked_on_narrow_screens(small: szilard.Run) -> None:
    """One column in their order, none above another, with all that they are named by."""
    figure = LEADING(read(small.tree))
    assert figure is not None and figure.narrow is not None and figure.narrow_panels > figure.panels
    keys = ("", "2", "3", "4")
    assert all(figure.narrow[f"xaxis{key}"]["domain"] == [0.0, 1.0] for key in keys)
    domains = [figure.narrow[f"yaxis{key}"]["domain"] for key in keys]
    assert all(above[0] > below[1] + 0.05 for above, below in itertools.pairwise(domains))
    assert [note["text"] for note in figure.narrow["annotations"]] == [
        note["text"] for note in figure.layout["annotations"]
    ]
    assert go.Figure(json.loads(embed({"data": figure.data, "layout": figure.narrow})), skip_invalid=False).data
    assert '"narrowHeight":1060' in re.sub(r"\s", "", render(small.tree, small.audit()))


def test_a_jump_of_the_lags_is_marked() -> None:
    lags = np.array([0, 1, 2, 3, 8, 9, 20])
    assert _breaks(lags) == [3.5, 5.5]
    assert not _breaks(np.arange(5)) and not _broken(np.arange(5)) and "jumps" in _broken(lags)


def test_an_unfinished_run_says_how_it_goes_on(small: szilard.Run) -> None:
    tree = small.tree.copy()
    tree["fig3"] = tree["fig3"].to_dataset().isel(step=slice(0))
    tree.attrs["status"] = "incomplete"
    text = summary(read(tree), NOTHING)
    assert "checkpoints" in text and "--resume" in text and "what was recorded so far" not in text


def test_the_drawn_numbers_are_the_recorded_ones(small: szilard.Run) -> None:
    found = drawn(small.tree)["fig3"]["data"]
    record = small.tree["fig3"]
    noise = [trace for trace in found if trace["yaxis"] == "y3" and trace.get("name") == "|b| = 10"]
    expected = record.noise_variance.sel(batch=10).isel(group=0).mean("member").values
    assert noise[0]["y"] == pytest.approx(expected, rel=1e-5) and noise[0]["x"] == record.step.values.tolist()
    points = [trace for trace in found if trace["yaxis"] == "y4" and trace["name"] == "|b| = 1"]
    covariance = small.tree["correlation"].noise_covariance.sel(batch=1, lag=range(5)).isel(group=0, step=-1)
    assert points[0]["y"] == pytest.approx(covariance.mean("member").values, rel=1e-5)


def test_the_page_answers_in_words(small: szilard.Run) -> None:
    text = text_of(render(small.tree, small.audit()))
    for part in ("Stationary.", "White.", "Low variance.", "Hottest layer.", "Temperature.", "What held",
                 "Complete record: 9 trainings"):  # fmt: skip
        assert part in text


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"batch": (7,)}, {"ratio"}),
        ({"trials": (1,)}, {"white"}),
        ({"lags": 0, "batch": (1, 2)}, {"white"}),
        ({"lr": 1e30}, {"fig3", "ratio", "white", "layers", "force"}),
        ({"steps": 1, "records": 1}, set()),
        ({"trials": (3, 2, 1)}, set()),
        ({"watched": 0}, {"force"}),
        ({"model": szilard.factory("nets:mlp", widths=[64, 10])}, {"layers"}),
    ],
)
def test_what_a_record_lacks_is_left_out(tmp_path: Path, changes: dict[str, Any], missing: set[str]) -> None:
    run = run_of(tmp_path / "run", **changes)
    found = drawn(run.tree)
    assert missing.isdisjoint(found)
    assert set(found) >= {"fig3"} - missing
    assert "What held" in text_of(render(run.tree, run.audit())) and run.summary()


def test_shuffled_epochs_have_what_they_leave_by_themselves_beside_what_was_seen(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", shuffle="epochs", batch=(100, 200))
    figure = drawn(run.tree)["white"]
    exact = [trace for trace in figure["data"] if trace["name"] == "exact, shuffled epochs"]
    epochs = run.attributes["epoch"]
    lags = run.tree["correlation"].lag.values[1:]
    for trace, epoch in zip(exact, epochs, strict=True):
        expected = [-max(epoch - lag, 0) / (epoch * (epoch - 1)) for lag in lags]
        assert trace["y"] == pytest.approx(expected, abs=1e-6)
    assert f"Shuffled epochs of {epochs[0]} batches" in run.audit()["white noise, |b| = 100"].detail


def test_hostile_text_stays_text(small: szilard.Run) -> None:
    tree = small.tree.copy()
    tree.attrs = {
        **small.tree.attrs, "name": HOSTILE, "shuffle": HOSTILE, "trials": HOSTILE, "epoch": HOSTILE,
        "groups": {"names": [HOSTILE] * 4}, "optimizer": {"class": HOSTILE, "lr": HOSTILE}, "status": HOSTILE,
        "diverged": [{"member": HOSTILE, "step": HOSTILE}],
    }  # fmt: skip
    page, sound = render(tree, audit(tree)), render(small.tree, small.audit())
    assert page.count("<script") <= sound.count("<script") and "<img" not in page


def test_a_record_without_rows_says_so(small: szilard.Run) -> None:
    groups = {name: node.to_dataset(inherit=False) for name, node in small.tree.children.items()}
    tree = xr.DataTree.from_dict(
        {"/": xr.Dataset(attrs={**small.tree.attrs, "status": "incomplete"}),
         **{f"/{name}": group.isel(step=slice(0, 0)) for name, group in groups.items()}}
    )  # fmt: skip
    assert "Nothing is recorded yet" in text_of(render(tree, audit(tree)))
    study = study_of(tree)
    assert "nothing recorded" in study.summary(study.read(tree), audit(tree))
