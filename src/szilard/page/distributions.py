"""Distributions as marks: histograms, clouds of points, pictures; as Plotly reads them, before they have a panel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from szilard.page.marks import Trace, pointed
from szilard.page.safe import escape
from szilard.page.style import Pen, faded


def bars(edges: np.ndarray, counts: np.ndarray, name: str, colour: str, *, unit: str, counted: str) -> Trace:
    """A histogram: counts between edges."""
    return {"type": "bar", "x": 0.5 * (edges[:-1] + edges[1:]), "y": counts, "width": np.diff(edges), "name": name,
            "showlegend": False, "marker": {"color": colour, "line": {"color": "white", "width": 0.5}},
            "hovertemplate": f"{name} = %{{x:.3g}} {unit}: %{{y}} {counted}<extra></extra>"}  # fmt: skip


def outline(edges: np.ndarray, shares: np.ndarray, name: str, pen: Pen, *, unit: str) -> Trace:
    """A histogram as its outline, lightly filled, so that two may lie over each other."""
    return {"type": "scatter", "mode": "lines", "name": escape(name), "x": np.repeat(edges, 2),
            "y": np.r_[0, np.repeat(shares, 2), 0],
            "line": {"color": pen.colour, "dash": pen.dash, "width": pen.width}, "fill": "tozeroy",
            "fillcolor": faded(pen.colour, 0.13), "hovertemplate": f"%{{x:.3g}} {unit}: %{{y:.1%}}",
            "showlegend": False}  # fmt: skip


def picture(grey: np.ndarray) -> Trace:
    """Grey values from 0 (white) to 100 (black), NaN for nothing; shape ``(height, width)``, the first row on top."""
    return {"type": "heatmap", "z": grey, "zmin": 0, "zmax": 100, "showscale": False, "hoverinfo": "skip",
            "colorscale": [[0, "#FFFFFF"], [1, "#101010"]], "zsmooth": False}  # fmt: skip


def dots(x: Any, y: Any, colour: str, *, text: Sequence[str], unit: str) -> Trace:
    """Many small points, each with what it is under the pointer."""
    return {"type": "scatter", "mode": "markers", "x": x, "y": y, "text": [escape(each) for each in text],
            "marker": {"size": 5, "color": faded(colour, 0.45), "line": {"width": 0}}, "showlegend": False,
            "hovertemplate": pointed("y", 3, unit, text=True)}  # fmt: skip


def cloud(x: Any, y: Any, name: str, colour: str) -> Trace:
    """Many points in a plane, none of which has a name."""
    marker = {"color": colour, "size": 4, "opacity": 0.6}
    return {"type": "scatter", "mode": "markers", "name": escape(name), "x": x, "y": y, "showlegend": False,
            "marker": marker, "hovertemplate": "(%{x:.3g}, %{y:.3g})"}  # fmt: skip
