"""The marks of a plot, as Plotly reads them, before they have a panel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from szilard.page.curve import Curve
from szilard.page.safe import escape, prose
from szilard.page.style import BLACK, Pen, faded

Trace = dict[str, Any]
JOINED = 1.6
"""Pixels of the line that joins points."""
_EDGE: Trace = {"type": "scatter", "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}


def line(
    curve: Curve, name: str, pen: Pen, *, unit: str = "", symbol: str = "", size: float = 5, digits: int = 4,
    legend: bool = False, stairs: bool = False,
) -> list[Trace]:  # fmt: skip
    """A curve, with a band of its 95 % interval where it has one.

    Args:
        curve: to be drawn.
        name: in words, for the legend and the pointer.
        pen: its look.
        unit: behind the number under the pointer.
        symbol: of the markers at its points; none where it is empty.
        size: of these, in pixels.
        digits: of the number under the pointer.
        legend: whether the legend names it.
        stairs: whether it stays at each value until the next, as what is counted does.
    """
    traces: list[Trace] = []
    known = curve.half is not None and bool(np.isfinite(curve.half).any() and (curve.half > 0).any())
    if known:
        traces = between(curve.steps, curve.low, curve.high, pen)
    traces.append(
        {
            "type": "scatter",
            "mode": "lines+markers" if symbol else "lines",
            "name": escape(name),
            "x": curve.steps,
            "y": curve.values,
            "line": {"color": pen.colour, "dash": pen.dash, "width": pen.width},
            "marker": {"color": pen.colour, "symbol": symbol or "circle", "size": size},
            "hovertemplate": pointed("y", digits, unit, error=known),
            "showlegend": legend,
        }
        | ({} if curve.half is None else {"customdata": curve.half})
    )
    if stairs:
        traces[-1]["line"]["shape"] = "hv"
    return traces


def points(
    x: Any, y: Any, name: str, pen: Pen, symbol: Any = "circle", *, half: Any = None, across: Any = None,
    joined: bool = False, size: float = 8, cap: float = 4, edge: Pen | None = None, text: Sequence[str] | None = None,
    unit: str = "", digits: int = 3, spread: bool = True, quiet: bool = False, legend: bool = False,
) -> Trace:  # fmt: skip
    """Markers, with bars of 95 % intervals.

    Args:
        x: where they stand.
        y: likewise.
        name: in words, for the legend and the pointer.
        pen: colour, and dash and width of the line that joins them.
        symbol: one for all, or one each.
        half: of each, half its interval; a pair, down and up, where these differ; None for no bars.
        across: likewise, of bars along x.
        joined: whether a line joins them.
        size: in pixels.
        cap: pixels of the bars' caps; bars along x have none where there are others.
        edge: colour and width of their outline; None for none.
        text: what each is, under the pointer.
        unit: behind the number under the pointer.
        digits: of this number.
        spread: whether it stands there with half the interval.
        quiet: whether they say nothing under the pointer.
        legend: whether the legend names them.
    """
    value, bars = ("x", across) if spread and half is None and across is not None else ("y", half)
    shown = pointed(value, digits, unit, error=spread and bars is not None, text=text is not None)
    trace: Trace = {
        "type": "scatter",
        "mode": "lines+markers" if joined else "markers",
        "name": escape(name),
        "x": x,
        "y": y,
        "line": {"color": pen.colour, "dash": pen.dash, "width": pen.width},
        "marker": {"color": pen.colour, "symbol": symbol, "size": size},
        "showlegend": legend,
    } | ({"hoverinfo": "skip"} if quiet else {"hovertemplate": shown})
    if edge is not None:
        trace["marker"]["line"] = {"color": edge.colour, "width": edge.width}
    if bars is not None:
        trace["customdata"] = bars[1] if isinstance(bars, tuple) else bars
    if text is not None:
        trace["text"] = [escape(each) for each in text]
    for axis, bar in (("error_x", across), ("error_y", half)):
        if bar is not None:
            trace[axis] = _bars(bar, pen, 0 if axis == "error_x" and half is not None else cap)
    return trace


def trail(
    x: Any, y: Any, name: str, pen: Pen, colours: Sequence[str], *, size: float = 11, half: Any = None, unit: str = "",
    steps: Any = None, labels: Sequence[str] | None = None, corners: Sequence[str] = (),
) -> Trace:  # fmt: skip
    """Marks in their order, joined by a line, each in a colour of its own.

    Args:
        x: where they stand.
        y: likewise.
        name: in words.
        pen: of the line.
        colours: one each.
        size: in pixels.
        half: of each, half its 95 % interval, drawn in black.
        unit: behind the number under the pointer.
        steps: training steps, which the pointer tells in place of the number.
        labels: what is written beside each.
        corners: on which side of each: ``"top right"``, ``"bottom left"``, …
    """
    found = points(x, y, name, Pen(BLACK), half=half, size=size, unit=unit, digits=4, edge=Pen("white", width=1))
    found["mode"] = "lines+markers"
    found["line"] = {"color": pen.colour, "dash": pen.dash, "width": pen.width}
    found["marker"] |= {"color": list(colours)}
    if steps is not None:
        found |= {"customdata": steps, "hovertemplate": "step %{customdata:,}"}
    if labels is not None:
        found |= {"mode": "lines+markers+text", "text": list(labels), "textposition": list(corners),
                  "textfont": {"size": 12}, "cliponaxis": False}  # fmt: skip
    return found


def star(x: float, y: float, name: str, colour: str) -> Trace:
    """A place that everything else is seen against."""
    return {"type": "scatter", "mode": "markers", "x": [x], "y": [y], "name": escape(name), "showlegend": False,
            "marker": {"symbol": "star", "size": 20, "color": colour, "line": {"color": "white", "width": 1.2}},
            "hovertemplate": f"{escape(name)}: (%{{x:.3g}}, %{{y:.3g}})"}  # fmt: skip


def _bars(half: Any, pen: Pen, cap: float) -> dict[str, Any]:
    look = {"type": "data", "color": pen.colour, "thickness": 1.4, "width": cap}
    if isinstance(half, tuple):
        return {**look, "symmetric": False, "array": half[1], "arrayminus": half[0]}
    return {**look, "array": half}


def pointed(axis: str, digits: int, unit: str = "", *, error: bool = False, text: bool = False) -> str:
    """What stands under the pointer: a number to so many digits, with its error and unit, after a point's own text."""
    shown = f"%{{{axis}:.{digits}g}}" + (" ± %{customdata:.2g}" if error else "") + (f" {prose(unit)}" if unit else "")
    return f"%{{text}}<br>{shown}<extra></extra>" if text else shown


def reference(x: Any, y: Any, name: str, pen: Pen, *, legend: bool = False, opacity: float = 1.0) -> Trace:
    """A line to compare with, which says nothing under the pointer."""
    return {
        "type": "scatter",
        "mode": "lines",
        "name": escape(name),
        "x": x,
        "y": y,
        "line": {"color": pen.colour, "dash": pen.dash, "width": pen.width},
        "opacity": opacity,
        "hoverinfo": "skip",
        "showlegend": legend,
    }


def between(x: Any, low: Any, high: Any, pen: Pen, *, share: float = 0.16) -> list[Trace]:
    """The area between two curves, so much opaque."""
    edge = {**_EDGE, "x": x}
    return [{**edge, "y": low}, {**edge, "y": high, "fill": "tonexty", "fillcolor": faded(pen.colour, share)}]


def crowd(curves: Sequence[Curve], pen: Pen, *, opacity: float | None = None) -> Trace:
    """Many curves as thin lines in one mark: a crowd, none of which has a name. The more, the more transparent."""
    gap = [None]
    share = min(0.3, max(0.08, 6 / max(len(curves), 1)))
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [x for curve in curves for x in [*curve.steps.tolist(), *gap]],
        "y": [y for curve in curves for y in [*curve.values.tolist(), *gap]],
        "line": {"color": faded(pen.colour, share), "width": 0.9}
        if opacity is None
        else {"color": pen.colour, "width": pen.width},
        "opacity": 1.0 if opacity is None else opacity,
        "hoverinfo": "skip",
        "showlegend": False,
    }


def heads(x: Any, y: float, steps: Any) -> Trace:
    """Invisible marks that put the training step at the head of what the pointer shows."""
    return {"type": "scatter", "mode": "markers", "name": "step", "x": x, "y": np.full(len(steps), y),
            "customdata": steps, "marker": {"opacity": 0, "size": 1}, "hovertemplate": "%{customdata:,d}",
            "showlegend": False}  # fmt: skip


def diamond(x: float, y: float, pen: Pen) -> Trace:
    """One point that matters, set on its curve."""
    marker = {"symbol": "diamond", "size": 11, "color": "white", "line": {"color": pen.colour, "width": 2.4}}
    return {"type": "scatter", "mode": "markers", "x": [x], "y": [y], "marker": marker, "hoverinfo": "skip",
            "showlegend": False}  # fmt: skip


def words(x: float, y: float, text: str, colour: str, side: str) -> Trace:
    """Words beside a point, which follow it when the reader switches the axis."""
    return {"type": "scatter", "mode": "text", "x": [x], "y": [y], "text": [f" {escape(text)} "],
            "textposition": f"middle {side}", "textfont": {"color": colour, "size": 12}, "hoverinfo": "skip",
            "showlegend": False}  # fmt: skip


def key(name: str, symbol: str, colour: str) -> Trace:
    """A line of the legend that has no mark of its own in the panel."""
    return {"type": "scatter", "mode": "markers", "name": escape(name), "x": [None], "y": [None], "hoverinfo": "skip",
            "marker": {"symbol": symbol, "size": 9, "color": colour}, "showlegend": True}  # fmt: skip
