"""What the figures of a reversed training share: logarithmic axes, colours of rates, medians with their range."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from szilard.report.axes import axis, rule
from szilard.report.safe import escape
from szilard.report.style import BLUE, VERMILLION, faded

MOST = 10.0
"""A path that misses by more than so many times its way has nothing more to show."""
LEAST = 1e-12


def logarithmic(title: str, low: float, high: float, **more: Any) -> dict[str, Any]:
    """A logarithmic axis from ``low`` to ``high``, with a mark at each power of ten or some of them."""
    decades = math.log10(high / low)
    return axis(title, type="log", range=[math.log10(low), math.log10(high)],
                **{"dtick": max(1, round(decades / 6)), "tickfont": {"size": 12}, **more})  # fmt: skip


def between(low: float, high: float, pad: float = 1.25) -> tuple[float, float]:
    """A range a little widened in the logarithm."""
    return low / pad, high * pad


def range_of(*arrays: Any) -> tuple[float, float]:
    """The least and the greatest of all positive finite values."""
    values = np.concatenate([np.asarray(array, dtype=float).ravel() for array in arrays])
    values = values[np.isfinite(values) & (values > 0)]
    return (float(values.min()), float(values.max())) if len(values) else (0.1, 1.0)


def shade(place: int, count: int) -> str:
    """From vermillion (the first) to blue (the last), by way of grey."""
    share = place / max(count - 1, 1)
    ends = [[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in (VERMILLION, BLUE)]
    middle = [150, 150, 150]
    one, two, local = (ends[0], middle, 2 * share) if share < 0.5 else (middle, ends[1], 2 * share - 1)
    return "#" + "".join(f"{round(a + (b - a) * local):02X}" for a, b in zip(one, two, strict=True))


def curve(x: Any, y: Any, name: str, colour: str, *, panel: int = 1, dash: str = "solid", width: float = 2.2,
          symbol: str = "", hover: str = "%{y:.3g}") -> dict[str, Any]:  # fmt: skip
    """One line, with markers where there is a symbol."""
    return {
        "type": "scatter",
        "mode": "lines+markers" if symbol else "lines",
        "name": escape(name),
        "x": x,
        "y": np.where(np.isfinite(y), y, np.nan),
        "yaxis": "y" if panel == 1 else f"y{panel}",
        "line": {"color": colour, "dash": dash, "width": width},
        "marker": {"color": colour, "symbol": symbol or "circle", "size": 7},
        "hovertemplate": hover,
        "showlegend": False,
    }


def ribbon(x: Any, values: np.ndarray, colour: str, *, panel: int = 1) -> list[dict[str, Any]]:
    """The range over seeds (first dimension) as a band."""
    edge = {"type": "scatter", "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False, "x": x,
            "yaxis": "y" if panel == 1 else f"y{panel}"}  # fmt: skip
    known = np.where(np.isfinite(values), values, np.nan)
    if np.isnan(known).any():
        return []
    return [{**edge, "y": known.min(0)}, {**edge, "y": known.max(0), "fill": "tonexty", "fillcolor": faded(colour)}]


def ends(labels: Sequence[tuple[str, float, str]], low: float, high: float, panel: int = 1) -> list[dict[str, Any]]:
    """Names at the right ends, heights in the panel's own unit."""
    from szilard.report.drawing import label_ends

    kept = [
        (text, math.log10(height), colour) for text, height, colour in labels if height > 0 and math.isfinite(height)
    ]
    return label_ends(kept, (math.log10(low), math.log10(high)), panel)


def heading(text: str, panel: int) -> dict[str, Any]:
    """A panel's own words, in its upper left corner."""
    domain = "y domain" if panel == 1 else f"y{panel} domain"
    return {"text": f"<b>{escape(text)}</b>", "xref": "paper", "x": 0.01, "xanchor": "left", "yref": domain, "y": 0.97,
            "yanchor": "top", "showarrow": False, "font": {"size": 13}, "bgcolor": "rgba(255,255,255,0.8)"}  # fmt: skip


def limit(height: float, text: str, panel: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """A thin dotted line across a logarithmic panel with its meaning at the right."""
    shape, note = rule(height, text, panel, log=True)
    return shape, {**note, "x": 0.995, "xanchor": "right"}


def rate_of(rates: np.ndarray, place: int) -> str:
    """A rate as a share of the training's own."""
    return "r" if place == 0 else f"r/{2**place}"


def when(start: int) -> str:
    """A start in words."""
    return "from the initialisation" if start == 0 else f"from step {start:,}"
