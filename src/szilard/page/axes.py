"""The frame: axes with titles and units, stacked panels, rules and bands. Plain Plotly dictionaries."""

from __future__ import annotations

from typing import Any

import numpy as np

from szilard.page.safe import escape, prose
from szilard.page.style import GRID, INK

STEP_TITLE = "training step"

LEGEND: dict[str, Any] = {
    "showlegend": True,
    "legend": {"orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom", "font": {"size": 12}},
    "margin": {"l": 64, "r": 16, "t": 40, "b": 48},
}
"""For figures whose marks cannot be named at their ends."""


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
    gap = 0.18 / count if count > 1 else 0.0
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


def rule(height: float, text: str, panel: int = 1, *, log: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
    """A thin dotted line across a panel with its meaning: shape and annotation."""
    reference = "y" if panel == 1 else f"y{panel}"
    shape = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": reference, "y0": height, "y1": height,
             "line": {"color": "#6B7280", "width": 1, "dash": "dot"}}  # fmt: skip
    note = {"text": escape(text), "xref": "paper", "x": 0.01, "xanchor": "left", "yref": reference,
            "y": float(np.log10(height)) if log else height, "yanchor": "bottom", "showarrow": False,
            "font": {"size": 11, "color": "#4B5563"}}  # fmt: skip
    return shape, note


def band(low: float, high: float) -> dict[str, Any]:
    """A grey band across the first panel, behind the curves."""
    return {"type": "rect", "xref": "paper", "x0": 0, "x1": 1, "yref": "y", "y0": low, "y1": high, "line": {"width": 0},
            "fillcolor": "rgba(107,114,128,0.13)", "layer": "below"}  # fmt: skip
