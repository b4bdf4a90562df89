"""The pen: colours, dashes, curves with bands, labels at their ends, axes with units. Plain Plotly dictionaries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from szilard.report.safe import escape, prose
from szilard.report.view import Curve

BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK = (
    "#0072B2", "#D55E00", "#009E73", "#AA4499", "#B97A00", "#56B4E9", "#1A1A1A",
)  # fmt: skip
"""Okabe and Ito's colours; purple and orange darkened until a label in them can be read on white."""

LEGEND: dict[str, Any] = {
    "showlegend": True,
    "legend": {"orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom", "font": {"size": 12}},
    "margin": {"l": 64, "r": 16, "t": 40, "b": 48},
}
"""For figures whose marks cannot be named at their ends."""

INK, GRID = "#1A1A1A", "#E3E6EA"
STEP_TITLE = "training step"


@dataclass(frozen=True, slots=True)
class Pen:
    """How one quantity is drawn everywhere: a colour and a dash, so that grey print tells curves apart too."""

    colour: str
    dash: str = "solid"
    width: float = 2.2


@dataclass(slots=True)
class Figure:
    """One figure of the page.

    Attributes:
        key: its identifier in the page.
        title: in a few words.
        caption: what to see, in a sentence or three of plain text.
        data: Plotly traces.
        layout: Plotly layout.
        along_steps: whether its x axes are training steps, which the reader may switch to logarithms.
        panels: stacked panels, which make it taller.
        wide: whether it takes the page's whole width.
        frames: alternatives among which the reader chooses with a slider: label and (data, layout) of each.
    """

    key: str
    title: str
    caption: str
    data: list[dict[str, Any]]
    layout: dict[str, Any]
    along_steps: bool = True
    panels: int = 1
    wide: bool = False
    frames: list[dict[str, Any]] = field(default_factory=list)


def dots(curve: Curve, name: str, pen: Pen, symbol: str) -> dict[str, Any]:
    """Small marks without a line, for what jumps about."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": escape(name),
        "x": curve.steps,
        "y": curve.values,
        "marker": {"color": pen.colour, "symbol": symbol, "size": 4.5},
        "hovertemplate": "%{y:.1e}",
        "showlegend": True,
    }


def line(
    curve: Curve, name: str, pen: Pen, *, unit: str = "", panel: int = 1, markers: bool = False
) -> list[dict[str, Any]]:
    """A curve, with a band of its 95 % interval where it has one."""
    axis = "y" if panel == 1 else f"y{panel}"
    traces: list[dict[str, Any]] = []
    suffix = f" {prose(unit)}" if unit else ""
    shown = f"%{{y:.4g}}{suffix}"
    if curve.half is not None and np.isfinite(curve.half).any() and (curve.half > 0).any():
        half = np.nan_to_num(curve.half)
        edge = {"type": "scatter", "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
        traces.append({**edge, "x": curve.steps, "y": curve.values - half, "yaxis": axis})
        traces.append({**edge, "x": curve.steps, "y": curve.values + half, "yaxis": axis, "fill": "tonexty",
                       "fillcolor": faded(pen.colour)})  # fmt: skip
        shown = f"%{{y:.4g}} ± %{{customdata:.2g}}{suffix}"
    traces.append(
        {
            "type": "scatter",
            "mode": "lines+markers" if markers else "lines",
            "name": escape(name),
            "x": curve.steps,
            "y": curve.values,
            "yaxis": axis,
            "line": {"color": pen.colour, "dash": pen.dash, "width": pen.width},
            "marker": {"color": pen.colour, "size": 5},
            "hovertemplate": f"{shown}",
            "showlegend": False,
        }
        | ({} if curve.half is None else {"customdata": curve.half})
    )
    return traces


def points(
    x: Any, y: Any, half: Any, name: str, pen: Pen, symbol: str, *, panel: int = 1, hover: str = "", joined: bool = True
) -> dict[str, Any]:
    """Markers with error bars of 95 % intervals."""
    return {
        "type": "scatter",
        "mode": "lines+markers" if joined else "markers",
        "name": escape(name),
        "x": x,
        "y": y,
        "yaxis": "y" if panel == 1 else f"y{panel}",
        "error_y": {"type": "data", "array": half, "color": pen.colour, "thickness": 1.4, "width": 4},
        "customdata": half,
        "line": {"color": pen.colour, "dash": pen.dash, "width": 1.6},
        "marker": {"color": pen.colour, "symbol": symbol, "size": 8},
        "hovertemplate": hover or "%{y:.3g} ± %{customdata:.2g}",
        "showlegend": False,
    }


def label_ends(
    ends: Sequence[tuple[str, float, str]], span: tuple[float, float], panel: int = 1
) -> list[dict[str, Any]]:
    """Names at the right ends of curves, pushed apart where they would overlap.

    Args:
        ends: text, height (in the axis's own coordinate, its logarithm on a logarithmic axis) and colour of each.
        span: lowest and highest height of the panel.
        panel: which panel's axis the heights refer to.
    """
    gap = 0.075 * (span[1] - span[0])
    ordered = sorted(ends, key=lambda end: end[1])
    heights = [end[1] for end in ordered]
    for _ in range(50):
        for i in range(len(heights) - 1):
            overlap = gap - (heights[i + 1] - heights[i])
            if overlap > 0:
                heights[i] -= overlap / 2
                heights[i + 1] += overlap / 2
        heights = [min(max(height, span[0] + gap / 2), span[1] - gap / 2) for height in heights]
    return [
        {
            "text": escape(text),
            "x": 1.0,
            "xref": "paper",
            "xanchor": "left",
            "xshift": 6,
            "y": height,
            "yref": "y" if panel == 1 else f"y{panel}",
            "yanchor": "middle",
            "showarrow": False,
            "font": {"color": colour, "size": 13},
            "align": "left",
        }
        for (text, _, colour), height in zip(ordered, heights, strict=True)
    ]


def axis(title: str, **more: Any) -> dict[str, Any]:
    """An axis with its title and unit."""
    base = {
        "title": {"text": prose(title), "standoff": 8, "font": {"size": 13}},
        "gridcolor": GRID,
        "zerolinecolor": "#B8BEC6",
        "linecolor": INK,
        "ticks": "outside",
        "tickcolor": INK,
        "automargin": True,
        "exponentformat": "power",
    }
    return {**base, **more}


def layout(*y_axes: dict[str, Any], x: dict[str, Any] | None = None, right: int = 70, **more: Any) -> dict[str, Any]:
    """A layout of stacked panels (first on top) over one x axis; training steps unless ``x`` says otherwise."""
    count = len(y_axes)
    gap = 0.09 if count > 1 else 0.0
    height = (1 - gap * (count - 1)) / count
    panels = {}
    for number, settings in enumerate(y_axes):
        top = 1 - number * (height + gap)
        panels["yaxis" if not number else f"yaxis{number + 1}"] = {**settings, "domain": [max(top - height, 0.0), top]}
    bottom = "y" if count == 1 else f"y{count}"
    return {
        "xaxis": {**(x or axis(STEP_TITLE, rangemode="tozero", tickformat=",d")), "anchor": bottom},
        **panels,
        "margin": {"l": 64, "r": right, "t": 14, "b": 48},
        "font": {"family": "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif", "size": 13, "color": INK},
        "paper_bgcolor": "white",
        "plot_bgcolor": "white",
        "hovermode": "x unified",
        "showlegend": False,
        **more,
    }


def spread(*arrays: Any, pad: float = 0.06) -> tuple[float, float]:
    """The range of all finite values, a little widened."""
    values = np.concatenate([np.asarray(array, dtype=float).ravel() for array in arrays])
    values = values[np.isfinite(values)]
    if not len(values):
        return (0.0, 1.0)
    low, high = float(values.min()), float(values.max())
    margin = pad * (high - low) or abs(high) * pad or 1.0
    return (low - margin, high + margin)


def faded(colour: str, share: float = 0.16) -> str:
    """A colour made transparent."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share})"


def band(low: float, high: float) -> dict[str, Any]:
    """A grey band across the first panel, behind the curves."""
    return {"type": "rect", "xref": "paper", "x0": 0, "x1": 1, "yref": "y", "y0": low, "y1": high, "line": {"width": 0},
            "fillcolor": "rgba(107,114,128,0.13)", "layer": "below"}  # fmt: skip


def rule(height: float, text: str, panel: int = 1, *, log: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
    """A thin dotted line across a panel with its meaning: shape and annotation."""
    reference = "y" if panel == 1 else f"y{panel}"
    shape = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": reference, "y0": height, "y1": height,
             "line": {"color": "#6B7280", "width": 1, "dash": "dot"}}  # fmt: skip
    note = {"text": escape(text), "xref": "paper", "x": 0.01, "xanchor": "left", "yref": reference,
            "y": float(np.log10(height)) if log else height, "yanchor": "bottom", "showarrow": False,
            "font": {"size": 11, "color": "#4B5563"}}  # fmt: skip
    return shape, note
