"""The marks: curves with bands, points with error bars, names at the ends of curves. Plain Plotly dictionaries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from szilard.page.curve import Curve
from szilard.page.safe import escape, prose
from szilard.page.style import Pen, faded


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
    ends: Sequence[tuple[str, float, str]], span: tuple[float, float], panel: int = 1, *, apart: float = 0.075
) -> list[dict[str, Any]]:
    """Names at the right ends of curves, pushed apart where they would overlap.

    Args:
        ends: text, height (in the axis's own coordinate, its logarithm on a logarithmic axis) and colour of each.
        span: lowest and highest height of the panel.
        panel: which panel's axis the heights refer to.
        apart: least distance between two names, in heights of the panel: more where panels are low.
    """
    gap = apart * (span[1] - span[0])
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


def between(steps: Any, low: Any, high: Any, pen: Pen, *, panel: int = 1, share: float = 0.16) -> list[dict[str, Any]]:
    """The area between two curves."""
    edge = {"type": "scatter", "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False,
            "x": steps, "yaxis": "y" if panel == 1 else f"y{panel}"}  # fmt: skip
    return [{**edge, "y": low}, {**edge, "y": high, "fill": "tonexty", "fillcolor": faded(pen.colour, share)}]


def thin(curves: Sequence[Curve], pen: Pen, *, panel: int = 1) -> dict[str, Any]:
    """Many curves as thin lines in one trace: a crowd, none of which has a name."""
    gap = [None]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [x for curve in curves for x in [*curve.steps.tolist(), *gap]],
        "y": [y for curve in curves for y in [*curve.values.tolist(), *gap]],
        "yaxis": "y" if panel == 1 else f"y{panel}",
        "line": {"color": faded(pen.colour, min(0.3, max(0.08, 6 / max(len(curves), 1)))), "width": 0.9},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def mark(x: float, y: float, pen: Pen, *, panel: int = 1) -> dict[str, Any]:
    """One point that matters, set on its curve."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [x],
        "y": [y],
        "yaxis": "y" if panel == 1 else f"y{panel}",
        "marker": {"symbol": "diamond", "size": 11, "color": "white", "line": {"color": pen.colour, "width": 2.4}},
        "hoverinfo": "skip",
        "showlegend": False,
    }
