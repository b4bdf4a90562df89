"""How numbers of updates, sampler steps and chains look everywhere."""

from __future__ import annotations

from typing import Any

import numpy as np

from szilard.estimate import Estimate
from szilard.page.logarithmic import logarithmic
from szilard.page.safe import escape
from szilard.page.style import VERMILLION
from szilard.studies.tradeoff.evidence import TradeOffEvidence, chains_in_words
from szilard.verdicts.bounds import LEVEL

_ENDS = (VERMILLION, "#B07AA1", "#0072B2")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "star", "hexagon", "pentagon")


def colour(place: int, count: int) -> str:
    """From vermillion, the largest updates, by way of mauve to blue, the smallest."""
    share = 2 * place / max(count - 1, 1)
    first, second = (_ENDS[0], _ENDS[1]) if share < 1 else (_ENDS[1], _ENDS[2])
    local = share if share < 1 else share - 1
    one, two = ([int(each[i : i + 2], 16) for i in (1, 3, 5)] for each in (first, second))
    return "#" + "".join(f"{round(a + (b - a) * local):02X}" for a, b in zip(one, two, strict=True))


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


def sampler_axis(evidence: TradeOffEvidence, title: str = "sampler steps after each update τ") -> dict[str, Any]:
    """Logarithmic, with a mark at each τ."""
    steps = evidence.sampler_steps
    return logarithmic(title, steps[0] / 1.15, steps[-1] * 1.15, tickvals=steps, ticktext=[f"{tau}" for tau in steps])


def called(chains: int | None) -> str:
    """A panel's own words."""
    return "infinitely many chains: no noise" if chains is None else chains_in_words(chains)
