"""The page of a run whose parameters were watched as a heat reservoir."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest
import xarray as xr

import szilard
from szilard.audit import audit
from szilard.data import Dataset
from szilard.page.plot import Plot
from szilard.page.safe import embed
from szilard.report import render
from szilard.studies.kits.parameters.figures import FIGURES
from szilard.studies.kits.parameters.figures.marks import (
    PENS,
    along,
    crowd,
    draw,
    margin,
    named,
    ratio_along,
    shortened,
)
from szilard.studies.kits.parameters.page import layer_table
from szilard.studies.kits.watched.bursts import Bursts
from szilard.studies.kits.watched.reading import WatchedReading
from szilard.studies.single.figures import FIGURES as OF_THE_LEDGER
from szilard.studies.single.figures import figures
from szilard.studies.single.reading import SingleReading

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bursts(hot: szilard.Run) -> Bursts:
    found = WatchedReading(hot.tree).bursts
    assert found is not None
    return found


def altered(run: szilard.Run, change: Callable[[xr.Dataset], xr.Dataset], **attributes: object) -> xr.DataTree:
    """The run's record with another reservoir."""
    nodes = {name: node.to_dataset(inherit=False).copy(deep=True) for name, node in run.tree.children.items()}
    nodes["reservoir"] = change(nodes["reservoir"])
    tree = xr.DataTree.from_dict(nodes)
    tree.attrs = {**run.tree.attrs, **attributes}
    return tree


def test_every_figure_is_there_and_valid(hot: szilard.Run) -> None:
    shown = figures(SingleReading(hot.tree))
    assert len({figure.key for figure in shown}) == len(shown) == len(OF_THE_LEDGER) + len(FIGURES)
    for figure in shown[len(OF_THE_LEDGER) :]:
        plain = json.loads(embed({"data": figure.data, "layout": figure.layout}))
        assert go.Figure(plain, skip_invalid=False).data
        assert all(axis["title"]["text"] for name, axis in plain["layout"].items() if "axis" in name)
        assert len(figure.caption) > 80


def test_the_page_says_how_hot_it_runs(hot: szilard.Run) -> None:
    text = re.sub(r"<script.*?</script>", "", render(hot.tree, hot.audit()), flags=re.DOTALL)
    for words in (
        "The reservoir.", "hottest over coldest", "noise scale", "The layers as heat reservoirs",
        "T configurational (loss)", "layer 4", "not isotropic", "isotropic noise", "predicted work",
    ):  # fmt: skip
        assert words in text, words


def test_the_summary_says_so_too(hot: szilard.Run) -> None:
    text = hot.summary()
    assert re.search(r"temperature +layer 4", text)
    assert re.search(r"noise scale +\d", text)
    assert re.search(r"\n  noise +not stationary|\n  noise +stationary", text)


def test_a_record_without_bursts_shows_none(hot: szilard.Run) -> None:
    tree = altered(hot, lambda data: data.isel(step=slice(0, 0)))
    reading = SingleReading(tree)
    assert len(figures(reading)) == len(OF_THE_LEDGER)
    assert layer_table(reading.bursts) == ""
    assert "The reservoir." not in render(tree, audit(tree))


@pytest.mark.parametrize("records", [1, 2, 3, 7, 9])
def test_few_bursts_show_what_they_can(records: int, hot: szilard.Run) -> None:
    tree = altered(hot, lambda data: data.isel(step=slice(0, records)))
    render(tree, audit(tree))


@pytest.mark.parametrize("column", ["fdr_ratio", "temperature_configurational", "tail_index", "participation_ratio"])
def test_what_is_undefined_is_left_out(column: str, hot: szilard.Run) -> None:
    tree = altered(hot, lambda data: data.assign({column: data[column] * np.nan}))
    render(tree, audit(tree))


@pytest.mark.parametrize("column", ["signal_variance", "noise_variance", "noise_covariance", "max_force"])
def test_zeros_have_no_place_on_logarithmic_axes(column: str, hot: szilard.Run) -> None:
    tree = altered(hot, lambda data: data.assign({column: data[column] * 0}))
    for figure in figures(SingleReading(tree)):
        assert go.Figure(json.loads(embed({"data": figure.data, "layout": figure.layout})), skip_invalid=False)
    render(tree, audit(tree))


def test_hostile_names_of_layers_stay_text(hot: szilard.Run, hostile_text: str) -> None:
    settings = dict(hot.attributes["reservoir"]) | {"groups": [hostile_text] * 3}

    def rename(data: xr.Dataset) -> xr.Dataset:
        return data.assign_coords(group=[hostile_text] * 3)

    tree = altered(hot, rename, reservoir=settings)
    page, sound = render(tree, audit(tree)), render(hot.tree, hot.audit())
    assert page.count("<script") == sound.count("<script")
    assert page.count("<img") == sound.count("<img")
    assert "\u202e" not in page


def test_of_many_layers_the_hottest_and_the_coldest_have_names(
    digits: Dataset, heated: Callable[..., szilard.Run], tmp_path: Path
) -> None:
    run = heated(digits, tmp_path / "run", groups="parameter", steps=120)
    found = WatchedReading(run.tree).bursts
    assert found is not None and found.groups == 6 == len(PENS)
    hotter = found.data.assign(temperature_noise=found.data["temperature_noise"] * 100)
    twice = xr.concat([found.data, hotter], "group", data_vars="minimal")
    many = Bursts(twice, {}, tuple(f"part {i}" for i in range(12)), 0)
    heat = many.values("temperature_noise")[many.late].mean(0)
    chosen = [layer.index for layer in named(many)]
    assert len(chosen) == len(PENS) and {int(heat.argmax()), int(heat.argmin())} <= set(chosen)
    assert sorted(chosen + crowd(many)) == list(range(12))
    plot = Plot()
    assert draw(plot.panel("noise variance", log=True), many, lambda layer: along(many, layer, "noise_variance"))
    assert len(plot.layout()["annotations"]) == len(PENS) and len(plot.traces) == 1 + 3 * len(PENS)


def test_curves_are_the_columns_or_means_of_neighbours(bursts: Bursts) -> None:
    values = bursts.values("noise_variance")[:, 0]
    assert np.array_equal(along(bursts, 0, "noise_variance").values, values)
    parts = [bursts.data.assign_coords(step=bursts.steps + shift * 1000) for shift in range(4)]
    four = xr.concat(parts, "step", data_vars="minimal")
    longer = Bursts(four, bursts.settings, bursts.names, 0)
    curve = along(longer, 0, "noise_variance")
    assert len(curve) < longer.records / 4
    assert curve.values[0] == pytest.approx(np.array_split(np.tile(values, 4), len(curve))[0].mean())
    one, other = (bursts.values(name)[:, 0] for name in ("signal_variance", "noise_variance"))
    ratio = ratio_along(bursts, one, other)
    first = len(np.array_split(one, len(ratio))[0])
    assert ratio.values[0] == pytest.approx(one[:first].mean() / other[:first].mean())


def test_long_names_are_shortened(bursts: Bursts) -> None:
    assert shortened("short") == "short"
    assert len(shortened("encoder.layers.11.self_attn.out_proj.weight")) == 18
    assert margin(bursts) < 200


@pytest.mark.parametrize("undefined", [False, True])
def test_a_dead_layer_keeps_no_page_from_being_drawn(hot: szilard.Run, undefined: bool) -> None:
    """Nothing of it moves; Adam has no temperature of it either."""

    def dead(data: xr.Dataset) -> xr.Dataset:
        for name in data:
            if "group" in data[name].dims:
                base = str(name).partition("_error")[0]
                ratio = base.startswith(
                    ("gradient_noise_scale", "noise_autocorrelation", "participation", "tail", "fdr")
                )
                data[name][:, 0] = np.nan if ratio or (undefined and "temperature" in base) else 0.0
        if "projection_position" in data:
            data["projection_position"][:, 0] = 0.1
        return data

    tree = altered(hot, dead)
    report = audit(tree)
    page = render(tree, report)
    assert {row.name for row in report.rows} == {row.name for row in hot.audit().rows}
    assert "The layers as heat reservoirs" in page


def test_layers_are_folded_under_their_row(hot: szilard.Run) -> None:
    report = hot.audit()
    rows = [row for row in report.rows if row.parts]
    assert rows
    page = render(hot.tree, report)
    assert page.count("<summary>One by one</summary>") == len(rows)
    part = rows[0].parts[0]
    assert f"</span> {part.name}: " in page
