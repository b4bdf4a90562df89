"""Logarithmic panels: axes, ranges, rules, headings, and names at the ends of curves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from szilard.page.axes import axis, rule
from szilard.page.drawing import label_ends
from szilard.page.safe import escape


def logarithmic(title: str, low: float, high: float, **more: Any) -> dict[str, Any]:
    """A logarithmic axis from ``low`` to ``high``, with a mark at each power of ten or some of them."""
    decades = math.log10(high / low)
    step = max(1, round(decades / 6)) if decades > 1.2 else "D2"
    ends = [math.log10(low), math.log10(high)]
    return axis(title, type="log", range=ends, **{"dtick": step, "tickfont": {"size": 12}, **more})


def between(low: float, high: float, pad: float = 1.25) -> tuple[float, float]:
    """A range a little widened in the logarithm."""
    return low / pad, high * pad


def range_of(*arrays: Any) -> tuple[float, float]:
    """The least and the greatest of all positive finite values."""
    values = np.concatenate([np.asarray(array, dtype=float).ravel() for array in arrays])
    values = values[np.isfinite(values) & (values > 0)]
    return (float(values.min()), float(values.max())) if len(values) else (0.1, 1.0)


def ends(labels: Sequence[tuple[str, float, str]], low: float, high: float, panel: int = 1) -> list[dict[str, Any]]:
    """Names at the right ends, heights in the panel's own unit."""
    kept = [
        (text, math.log10(height), colour) for text, height, colour in labels if height > 0 and math.isfinite(height)
    ]
    return label_ends(kept, (math.log10(low), math.log10(high)), panel)


def heading(text: str, panel: int, *, below: bool = False) -> dict[str, Any]:
    """A panel's own words, in its upper left corner, or in the middle of its lower edge."""
    domain = "y domain" if panel == 1 else f"y{panel} domain"
    place = (
        {"x": 0.5, "xanchor": "center", "y": 0.03, "yanchor": "bottom"}
        if below
        else {"x": 0.01, "xanchor": "left", "y": 0.97, "yanchor": "top"}
    )
    return {"text": f"<b>{escape(text)}</b>", "xref": "paper", "yref": domain, "showarrow": False, **place,
            "font": {"size": 13}, "bgcolor": "rgba(255,255,255,0.8)"}  # fmt: skip


def limit(height: float, text: str, panel: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """A thin dotted line across a logarithmic panel with its meaning at the right."""
    shape, note = rule(height, text, panel, log=True)
    return shape, {**note, "x": 0.995, "xanchor": "right"}
