"""The builder of figures: panels, axes and marks in words become what Plotly accepts, in the panels' own units."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest

import szilard
from szilard.estimate import Estimate, Kind
from szilard.page.axes import Axis, positive, spread, widened
from szilard.page.curve import Curve
from szilard.page.plot import Plot, stacked
from szilard.page.safe import embed
from szilard.page.style import BLUE, Figure, Pen, blended

STEPS = np.array([1.0, 10.0, 100.0])
HEIGHTS = np.array([1.0, 2.0, 4.0])
PEN = Pen(BLUE)


def valid(figure: Figure) -> Figure:
    """The same figure, whose every name and value Plotly has checked."""
    for layout in filter(None, (figure.layout, figure.narrow)):
        assert go.Figure(json.loads(embed({"data": figure.data, "layout": layout})), skip_invalid=False).layout
    return figure


def test_every_mark_is_one_that_plotly_draws() -> None:
    plot = Plot(legend="above")
    panel = plot.panel("work (nat)", span=(0, 5))
    panel.line(Curve(STEPS, HEIGHTS, 0.1 * HEIGHTS), "work", PEN, unit="nat", symbol="circle", end="W", stairs=True)
    panel.points(
        STEPS, HEIGHTS, "points", PEN, half=HEIGHTS, across=(STEPS / 2, STEPS), joined=True, edge=PEN, legend=True
    )
    panel.estimates(STEPS, [Estimate(1.0, 0.1, Kind.UNBIASED)] * 3, "estimates", PEN, text=["a", "b", "c"], bars=False)
    panel.reference(STEPS, HEIGHTS, "law", PEN.at(1.0), end="1/t")
    panel.between(STEPS, HEIGHTS, 2 * HEIGHTS, PEN)
    panel.crowd([Curve(STEPS, HEIGHTS)] * 3, PEN)
    panel.histogram(np.arange(4.0), HEIGHTS, "σ", BLUE, unit="nat", counted="paths")
    panel.cloud(STEPS, HEIGHTS, "cloud", BLUE)
    panel.dots(STEPS, HEIGHTS, BLUE, text=["a", "b", "c"], unit="nat")
    panel.diamond(1.0, 1.0, PEN)
    panel.words(1.0, 1.0, "here", BLUE, "left")
    panel.heads(STEPS, STEPS.astype(int))
    panel.picture(np.ones((2, 2)))
    panel.rule(1.0, "one")
    panel.upright(10.0, "ten", behind=True)
    panel.stroke((1, 2), (1, 2), PEN)
    panel.band(0.0, 1.0)
    panel.ring(1.0, 1.0, 0.5, PEN)
    panel.note("note", 1.0, 1.0, shift=(2, 2), bold=True, backed=True)
    panel.corner("corner", 0.5, 0.5)
    panel.over("over", 1.0)
    panel.heading("heading")
    plot.key("key", "star", BLUE)
    figure = valid(plot.figure("key", "title", "caption"))
    assert figure.along_steps and figure.panels == 1
    assert all(each.get("yaxis", "y") == "y" and "xaxis" not in each for each in figure.data)


@pytest.mark.parametrize("log", [False, True])
def test_words_stand_where_their_numbers_are(log: bool) -> None:
    plot = Plot(Axis("x", log=log, span=(1, 100)))
    panel = plot.panel("y", log=log, span=(0.1, 10))
    panel.note("note", 10.0, 2.0)
    panel.rule(2.0, "two")
    panel.line(Curve(STEPS, HEIGHTS), "curve", PEN, end="end")
    layout = valid(plot.figure("key", "title", "caption")).layout
    place = math.log10 if log else float
    words = {each["text"]: each for each in layout["annotations"]}
    assert (words["note"]["x"], words["note"]["y"]) == (place(10.0), place(2.0))
    assert words["two"]["y"] == place(2.0) and words["end"]["y"] == place(4.0)
    assert layout["shapes"][0]["y0"] == 2.0, "shapes are in the axis's own unit"
    assert layout["yaxis"]["range"] == [place(0.1), place(10.0)]


def test_names_at_the_ends_do_not_overlap_and_stay_in_the_panel() -> None:
    plot = Plot()
    panel = plot.panel("y", span=(0.0, 1.0))
    for height in (0.999, 0.99, 0.5, 0.501, 0.0, math.nan):
        panel.end(f"{height}", height, BLUE)
    heights = sorted(each["y"] for each in plot.layout()["annotations"])
    assert len(heights) == 5 and heights[0] > 0 and heights[-1] < 1
    assert np.diff(heights).min() > 0.99 * panel.apart


def test_names_at_the_ends_need_to_know_the_panel() -> None:
    plot = Plot()
    plot.panel("loss (nat)").end("loss", 1.0, BLUE)
    with pytest.raises(ValueError, match=r"loss \(nat\).*give it a span"):
        plot.layout()


def test_panels_share_the_steps_or_have_axes_of_their_own() -> None:
    shared = Plot()
    for title in ("first", "second"):
        shared.panel(title).line(Curve(STEPS, HEIGHTS), title, PEN)
    figure = valid(shared.figure("key", "title", "caption"))
    assert [each["yaxis"] for each in figure.data] == ["y", "y2"] and figure.layout["xaxis"]["anchor"] == "y2"
    assert figure.layout["yaxis"]["domain"][0] > figure.layout["yaxis2"]["domain"][1], "the first is on top"

    own = Plot(places=(((0.0, 0.4), (0.0, 1.0)), ((0.6, 1.0), (0.0, 1.0))))
    for title in ("left", "right"):
        own.panel(title, Axis(f"x, {title}"), span=(0, 5)).line(Curve(STEPS, HEIGHTS), title, PEN, end=title)
    figure = valid(own.figure("key", "title", "caption", narrow=own.layout(stacked(2))))
    assert [(each["xaxis"], each["yaxis"]) for each in figure.data] == [("x", "y"), ("x2", "y2")]
    assert not figure.along_steps and figure.layout["xaxis2"]["domain"] == [0.6, 1.0]
    assert [each["x"] for each in figure.layout["annotations"]] == [0.4, 1.0], "names stand right of their panels"
    assert figure.narrow is not None and [each["x"] for each in figure.narrow["annotations"]] == [1.0, 1.0]


def test_what_records_say_is_no_markup() -> None:
    plot = Plot()
    panel = plot.panel("y", span=(0, 1), at=[1.0], called=["<b>tick</b>"])
    panel.line(Curve(STEPS, HEIGHTS), "<b>name</b>", PEN, end="<b>end</b>")
    panel.note("<b>note</b>", 1.0, 1.0)
    text = json.dumps([plot.traces, plot.layout()], default=str)
    assert "<b>" not in text and text.count("&lt;b&gt;") == 4


def test_spans_hold_what_they_are_made_of() -> None:
    assert spread([0.0, 1.0], [math.nan, 2.0], pad=0.1) == pytest.approx((-0.2, 2.2))
    assert spread([1.0, 100.0, -5.0, 0.0], pad=0.5, log=True) == pytest.approx((0.1, 1000.0))
    assert spread([]) == (0.0, 1.0) and spread([3.0])[0] < 3.0 < spread([3.0])[1]
    assert widened(*positive([-1.0, 2.0, math.inf, 8.0]), 2.0) == (1.0, 16.0)
    assert positive([-1.0]) == (0.1, 1.0)


def test_colours_between_colours() -> None:
    stops = ("#000000", "#FF0000", "#FFFFFF")
    assert [blended(stops, share) for share in (-1, 0, 0.25, 0.5, 1, 2)] == [
        "#000000", "#000000", "#800000", "#FF0000", "#FFFFFF", "#FFFFFF",
    ]  # fmt: skip


def test_no_key_of_plotly_is_spoken_outside_of_the_kit() -> None:
    source = Path(szilard.__file__).parent
    words = ("xanchor", "yanchor", "xref", "yref", "showlegend", "showarrow", "hovertemplate", "hovermode", "dtick")
    spoken = re.compile("|".join([*(f'"{word}"' for word in words), r"%\{\w", "import plotly"]))
    others = [path for path in source.rglob("*.py") if path.parent != source / "page"]
    assert [str(path) for path in others if spoken.search(path.read_text(encoding="utf-8"))] == []
