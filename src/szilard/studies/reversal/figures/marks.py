"""How rates, starts and layers look everywhere, and curves with the range over seeds."""

from __future__ import annotations

from typing import Any

import numpy as np

from szilard.page.logarithmic import between, logarithmic
from szilard.page.safe import escape
from szilard.page.style import BLUE, GREEN, ORANGE, PURPLE, VERMILLION, blended, faded

COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE)
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross")
"""Of starts and of layers."""

MOST = 10.0
"""A path that misses by more than so many times its way has nothing more to show."""


def shade(place: int, count: int) -> str:
    """From vermillion (the first) to blue (the last), by way of grey."""
    return blended((VERMILLION, "#969696", BLUE), place / max(count - 1, 1))


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


def rate_of(rates: np.ndarray, place: int) -> str:
    """A rate as a share of the training's own."""
    return "r" if place == 0 else f"r/{2**place}"


def rate_axis(rates: np.ndarray) -> dict[str, Any]:
    """The learning rates of the paths, logarithmic."""
    return logarithmic("learning rate r", *between(float(rates.min()), float(rates.max())))


def when(start: int) -> str:
    """A start in words."""
    return "from the initialisation" if start == 0 else f"from step {start:,}"
