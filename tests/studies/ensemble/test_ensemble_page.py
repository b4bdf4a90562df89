"""The page of ensembles: it opens with the budget, draws what the design gives, and says what it does not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
import xarray as xr

import szilard
from szilard.audit import Audit
from szilard.page.safe import embed
from szilard.report import render
from szilard.studies.ensemble.figures import FIGURES, LEADING, figures
from szilard.studies.ensemble.figures.marks import curve_of
from szilard.studies.ensemble.reading import read

pytestmark = pytest.mark.slow

Make = Callable[..., szilard.Run]
NOTHING = Audit(())
HOSTILE = '</script><script>document.title="hacked"</script><img src=x onerror="document.title=1">"\'&\u202e\u2028|$x$'

FULL = {"tasks": 3, "datasets": 4, "seeds": 4, "crossed": True, "diverged": 5}


@pytest.fixture(scope="module")
def full(on_paper: Make, tmp_path_factory: pytest.TempPathFactory) -> szilard.Run:
    """Three tasks, crossed seeds, one member diverged."""
    return on_paper(tmp_path_factory.mktemp("full") / "run", **FULL)


@pytest.fixture(scope="module")
def usual(on_paper: Make, tmp_path_factory: pytest.TempPathFactory) -> szilard.Run:
    """One task, six datasets, three seeds."""
    return on_paper(tmp_path_factory.mktemp("usual") / "run")


def text_of(page: str) -> str:
    """What a reader sees, with plain spaces."""
    body = re.sub(r"<script.*?</script>|<style.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", body.replace("&#x27;", "'"))


def drawn(run: szilard.Run) -> dict[str, Any]:
    """Every figure by its key, as a browser gets it."""
    reading = read(run.tree)
    found = [figure for figure in (LEADING(reading), *figures(reading)) if figure is not None]
    return {each.key: json.loads(embed({"data": each.data, "layout": each.layout})) for each in found}


def curve(figure: dict[str, Any], name: str) -> dict[str, Any]:
    """The one named trace of a figure."""
    (trace,) = [trace for trace in figure["data"] if trace.get("name") == name]
    return trace


def test_every_figure_is_there_and_valid(full: szilard.Run) -> None:
    found = drawn(full)
    assert len(found) == len(FIGURES) + 1
    for figure in found.values():
        assert go.Figure(figure, skip_invalid=False).data  # plotly checks every name and value
        assert all(axis["title"]["text"] for name, axis in figure["layout"].items() if "axis" in name)


def test_the_page_opens_with_the_budget(full: szilard.Run) -> None:
    page = render(full.tree, full.audit())
    places = [page.index(mark) for mark in ('class="cards"', 'id="budget"', "The budget.</strong>", 'id="stopping"')]
    assert places == sorted(places)
    text = text_of(page)
    assert "The information budget of 48 training runs, in nats" in text
    assert re.search(
        r"learned between [\d.]+ and [\d.]+ nat of the task, memorised 0\.470 ± 0\.026 nat of their own", text
    )
    assert "and owe 0.205 ± 0.013 nat to the luck of the seed" in text


def test_the_budget_is_drawn_as_it_was_recorded(usual: szilard.Run) -> None:
    budget = drawn(usual)["budget"]
    memorised = curve(budget, "memorised of the sample")
    np.testing.assert_allclose(memorised["y"], usual.tree["information"]["info_dataset"].values, rtol=1e-5)
    estimate = usual.estimate("info_dataset")
    low, high = estimate.interval(0.95)
    assert estimate.degrees_of_freedom == 5  # Student's t over the six datasets, less one
    assert memorised["customdata"][-1] == pytest.approx((high - low) / 2, rel=1e-4)
    assert {note["text"] for note in budget["layout"]["annotations"]} == {"memorised", "luck", "in all"}


def test_step_zero_has_a_place_on_the_logarithmic_axis(usual: szilard.Run) -> None:
    budget = drawn(usual)["budget"]
    axis = budget["layout"]["xaxis"]
    assert axis["type"] == "log" and axis["ticktext"][0] == "0"
    x = curve(budget, "luck of the seed")["x"]
    assert axis["tickvals"][0] == x[0] < x[1] == 12
    assert curve(budget, "step")["customdata"][:2] == [0, 12]


def test_a_training_that_is_recorded_evenly_has_plain_axes(on_paper: Make, tmp_path: Path) -> None:
    made = on_paper(tmp_path / "run", records=4)  # steps 0, 12, 18, 26
    figure = drawn(made)["budget"]
    assert "type" not in figure["layout"]["xaxis"]
    assert curve(figure, "luck of the seed")["x"][0] == 0
    assert 'aria-pressed="false"' in render(made.tree, NOTHING)


def test_the_stopping_point_in_words_and_marks(usual: szilard.Run) -> None:
    stop = usual.stopping_point()
    assert stop is not None and stop.resolved
    text = text_of(render(usual.tree, NOTHING))
    assert f"Stop at step {stop.step:,}, where models of different datasets predict one another best" in text
    assert f"{100 * stop.cost:.1f} % above the least, which only labels find (step {stop.best_step:,})" in text
    assert f"{100 * stop.saving:.0f} % less than at the end" in text
    marks = [trace for trace in drawn(usual)["stopping"]["data"] if trace.get("marker", {}).get("symbol") == "diamond"]
    assert [mark["x"][0] for mark in marks] == [stop.step, stop.best_step]


def test_saturation_is_marked_and_said(full: szilard.Run) -> None:
    crosses = curve(drawn(full)["brackets"], "saturated")
    flags = full.tree["information"]["info_task_saturated"].values
    assert len(crosses["x"]) == int((flags == 1).sum()) > 0
    text = text_of(render(full.tree, NOTHING))
    assert "3 tasks are too few to pin that down; corrected for so few the estimate would be 1.050 ± 0.055 nat" in text


def test_members_that_diverged_are_counted_out(full: szilard.Run) -> None:
    text = text_of(render(full.tree, NOTHING))
    assert "1 member diverged (5 at step 818): kept in the ledger, left out of every mixture" in text
    assert "48 trainings, 47 of them counted" in text
    (dots,) = [trace for trace in drawn(full)["members"]["data"] if "text" in trace]
    assert not any(name.startswith("member 5 ") and name.endswith("step 12,000") for name in dots["text"])


@pytest.mark.parametrize(
    ("design", "missing", "said"),
    [
        ({}, {"crossed"}, "Not given: what was learned of the task, because the design has one task"),
        ({"seeds": 1}, {"crossed"}, "Not given: the luck of the seed, because each dataset has one seed"),
        ({"datasets": 1, "seeds": 5}, {"crossed", "stopping"}, "Not given: the label-free stopping point"),
        ({"labelled": False}, {"crossed"}, "There are no labels to judge it by"),
        ({"datasets": 12}, {"crossed"}, "Complete record: 36 trainings, 20 records, steps 0 to 12,000"),
    ],
)
def test_what_a_design_cannot_give_is_said_and_not_drawn(
    on_paper: Make, tmp_path: Path, design: dict[str, Any], missing: set[str], said: str
) -> None:
    made = on_paper(tmp_path / "run", **design)
    found = drawn(made)
    assert not missing & found.keys()
    assert said in text_of(render(made.tree, NOTHING))
    for figure in found.values():
        for trace in figure["data"]:
            named = trace.get("name") is not None and trace.get("mode") != "markers"
            assert not named or any(y is not None for y in trace["y"]), trace["name"]


@pytest.mark.parametrize("records", [0, 1, 2])
def test_records_that_have_hardly_begun(on_paper: Make, tmp_path: Path, records: int) -> None:
    made = on_paper(tmp_path / "run", records=records, status="running")
    page = render(made.tree, NOTHING)
    assert ("Nothing is recorded yet" in page) == (records == 0)
    assert bool(drawn(made)) == (records > 1)


def test_rows_without_numbers_are_left_out(usual: szilard.Run) -> None:
    tree = usual.tree.copy()
    information = tree["information"].to_dataset(inherit=False)
    late = information["step"] > 10_000
    tree["information"] = xr.DataTree(information.where(~late))
    page = text_of(render(tree, NOTHING))
    assert "1 record without finite numbers was left out" in page
    assert "At step 8,176 the runs memorised" in page


@pytest.mark.parametrize("junk", [3, "text", None, [], {"tasks": "many"}, [{"member": []}]])
def test_attributes_of_any_type_do_not_break_it(usual: szilard.Run, junk: object) -> None:
    tree = usual.tree.copy()
    keys = ("design", "clusters", "unavailable", "diverged", "notes_on_coverage", "probe", "model", "optimizer", "spec")
    tree.attrs = {**usual.tree.attrs, **dict.fromkeys(keys, junk)}
    assert "memorised of the sample" in render(tree, NOTHING)


def test_hostile_text_stays_text(usual: szilard.Run) -> None:
    tree = usual.tree.copy()
    tree.attrs = {**usual.tree.attrs, "name": HOSTILE, "notes_on_coverage": HOSTILE,
                  "unavailable": {HOSTILE: HOSTILE}, "diverged": [{"member": HOSTILE, "step": 3}],
                  "design": {"tasks": 1, "datasets": 6, "seeds": 3, "outermost": HOSTILE}}  # fmt: skip
    page, sound = render(tree, NOTHING), render(usual.tree, NOTHING)
    assert page.count("<script") == sound.count("<script")
    assert "<img" not in page
    assert text_of(page).count("document.title") >= 4


def test_without_an_audit_there_is_no_section_for_it(usual: szilard.Run) -> None:
    assert 'id="audit"' not in render(usual.tree, NOTHING)
    assert 'id="audit"' in render(usual.tree, usual.audit())


def losing(run: szilard.Run, rows: slice, clusters: int) -> xr.DataTree:
    """The record as it is where in some rows fewer clusters are left; with none, no information is."""
    tree = run.tree.copy()
    information = tree["information"].to_dataset(inherit=False).copy(deep=True)
    counted = np.full(information.sizes["step"], run.attributes["clusters"])
    counted[rows] = clusters or -1
    information["clusters_counted"] = ("step", counted)
    if not clusters:
        for name in information.data_vars:
            if information[name].dtype.kind == "f" and "step" in information[name].dims:
                information[name].values[rows] = np.nan
    tree["information"] = xr.DataTree(information)
    tree.attrs = dict(run.tree.attrs)
    return tree


def test_bands_have_the_degrees_of_freedom_of_their_own_row(usual: szilard.Run) -> None:
    tree = losing(usual, slice(15, None), 4)
    bands = curve_of(read(tree), "info_dataset").half
    assert bands is not None
    errors = read(tree).errors("info_dataset")
    assert errors is not None
    np.testing.assert_allclose(bands[14:16] / errors[14:16], [2.5706, 3.1824], rtol=1e-4)  # Student's t, 5 and 3
    text = text_of(render(tree, NOTHING))
    assert "outermost clusters, 6 at first and 4 at the end" in text
    assert "errors over the 4 outermost clusters left of the 6 datasets" in text


def test_a_probe_of_training_inputs_has_no_test_loss(usual: szilard.Run) -> None:
    tree = usual.tree.copy()
    tree.attrs = {**usual.tree.attrs, "probe": {**usual.attributes["probe"], "split": "train"}}
    page = render(tree, NOTHING)
    assert "test loss" not in page and "loss on the probe (training inputs)" in text_of(page)
    assert "members may have been trained on its inputs, so info_* and the stopping point are in-sample" in page
    assert "in-sample" not in render(usual.tree, NOTHING)


@pytest.mark.parametrize(("gone", "said"), [(18, "All 18 members diverged"), (17, "17 of 18 members diverged")])
def test_where_no_two_members_are_left_the_page_opens_with_that(usual: szilard.Run, gone: int, said: str) -> None:
    tree = losing(usual, slice(1, None), 0)
    tree.attrs |= {
        "diverged": [{"member": member, "step": 12} for member in range(gone)],
        "unavailable": {"everything": "fewer than two members are left, since the others diverged."},
    }
    page = render(tree, NOTHING)
    text = text_of(page)
    sentence = f"{said}: fewer than two are left to compare after step 0, so nothing is known of the end of training."
    assert f"The budget. {sentence} At step 0, the last information, the runs" in text
    assert page.index('class="banner bad"') < page.index('class="cards"')
    assert f"diverged {gone} of 18 members; what follows is from step 0" in text
    assert "Not given: everything" not in text and "nothing says that one should have stopped" not in text


def test_the_header_is_short(full: szilard.Run) -> None:
    banners = re.findall(r'<p class="banner.*?</p>', render(full.tree, NOTHING))
    assert len(banners) == 2
    assert "3 tasks cannot pin down what was learned of the task, given as brackets" in banners[1]
    assert all(len(text_of(each)) < 180 for each in banners)
