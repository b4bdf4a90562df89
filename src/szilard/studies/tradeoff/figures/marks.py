"""How numbers of updates, sampler steps and chains look everywhere."""

from __future__ import annotations

from typing import Any

import numpy as np

from szilard.estimate import Estimate
from szilard.page.logarithmic import logarithmic
from szilard.page.safe import escape
from szilard.page.style import BLUE, VERMILLION, blended
from szilard.studies.tradeoff.reading import TradeOffReading, chains_in_words
from szilard.verdicts.bounds import LEVEL

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "star", "hexagon", "pentagon")


def colour(place: int, count: int) -> str:
    """From vermillion, the largest updates, by way of mauve to blue, the smallest."""
    return blended((VERMILLION, "#B07AA1", BLUE), place / max(count - 1, 1))


def symbol(place: int) -> str:
    """Of a number of sampler steps."""
    return SYMBOLS[place % len(SYMBOLS)]


def marks(
    x: Any, estimates: list[Estimate], name: str, shade: str, *, symbols: Any = "circle", panel: int = 1,
    dash: str = "solid", text: list[str] | None = None, bars: bool = True,
) -> dict[str, Any]:  # fmt: skip
    """Points with 95 % intervals, joined."""
    values = np.array([each.value for each in estimates], dtype=float)
    half = np.array([each.interval(LEVEL)[1] - each.value for each in estimates], dtype=float)
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": escape(name),
        "x": np.asarray(x),
        "y": values,
        "yaxis": "y" if panel == 1 else f"y{panel}",
        "error_y": {"type": "data", "array": half, "color": shade, "thickness": 1.1, "width": 3, "visible": bars},
        "customdata": half,
        "text": [escape(each) for each in text] if text else None,
        "line": {"color": shade, "width": 2, "dash": dash},
        "marker": {"color": shade, "symbol": symbols, "size": 9, "line": {"color": "white", "width": 1}},
        "hovertemplate": "%{text}<br>%{y:.4g} ± %{customdata:.2g}<extra></extra>" if text
        else "%{y:.4g} ± %{customdata:.2g}",
        "showlegend": False,
    }  # fmt: skip


def sampler_axis(reading: TradeOffReading, title: str = "sampler steps after each update τ") -> dict[str, Any]:
    """Logarithmic, with a mark at each τ."""
    steps = reading.sampler_steps
    return logarithmic(title, steps[0] / 1.15, steps[-1] * 1.15, tickvals=steps, ticktext=[f"{tau}" for tau in steps])


def called(chains: int | None) -> str:
    """A panel's own words."""
    return "infinitely many chains: no noise" if chains is None else chains_in_words(chains)
