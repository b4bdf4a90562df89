"""What the figures of a sampled run share: colours along the training, units, bounds drawn as areas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from szilard.report.axes import axis
from szilard.report.curve import Curve
from szilard.report.drawing import between, line
from szilard.report.sampled.view import View
from szilard.report.style import Pen

CIVIDIS = (
    (0.0, "#00224E"), (0.15, "#1D3561"), (0.3, "#434E6C"), (0.45, "#666970"), (0.6, "#878479"), (0.75, "#B3A369"),
    (0.87, "#D6BD4C"), (1.0, "#F4D03A"),
)  # fmt: skip
"""Cividis (Nuñez, Anderton and Renslow, 2018), which reads alike with any colour vision; its yellow end darkened."""


def shade(share: float) -> str:
    """The colour at a share of the training."""
    share = min(max(share, 0.0), 1.0)
    for (low, first), (high, second) in zip(CIVIDIS[:-1], CIVIDIS[1:], strict=True):
        if share <= high:
            weight = (share - low) / (high - low)
            pair = [[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in (first, second)]
            return "#" + "".join(f"{round(a + weight * (b - a)):02X}" for a, b in zip(*pair, strict=True))
    return CIVIDIS[-1][1]


def shades(count: int) -> list[str]:
    """Colours of so many records in their order."""
    return [shade(place / max(count - 1, 1)) for place in range(count)]


def banded(view: View, column: str, name: str, pen: Pen, *, panel: int = 1, unit: str = "") -> list[dict[str, Any]]:
    """A quantity as a line with its 95 % band, or as the area between its bounds."""
    upper = view.curve(column)
    if not view.has(f"{column}_lower"):
        return line(upper, name, pen, unit=unit, panel=panel)
    lower = view.curve(f"{column}_lower")
    if len(lower) != len(upper):
        return line(upper, name, pen, unit=unit, panel=panel)
    traces = between(lower.steps, lower.low, upper.high, pen, panel=panel, share=0.1)
    traces += between(lower.steps, lower.values, upper.values, pen, panel=panel, share=0.25)
    thin = Pen(pen.colour, pen.dash, 1.4)
    traces += line(Curve(upper.steps, upper.values), f"{name}, upper bound", thin, unit=unit, panel=panel)
    return traces + line(Curve(lower.steps, lower.values), f"{name}, lower bound", thin, unit=unit, panel=panel)


def end_of(view: View, column: str) -> float:
    """Where a name stands: at the last value, or half way between the last bounds."""
    upper = float(view.curve(column).values[-1])
    return 0.5 * (upper + float(view.curve(f"{column}_lower").values[-1])) if view.has(f"{column}_lower") else upper


def range_of(view: View, columns: Sequence[str]) -> tuple[float, float]:
    """Of all these columns with their bands, a little widened."""
    curves = [view.curve(name) for column in columns for name in (column, f"{column}_lower") if view.has(name)]
    values = np.concatenate([np.r_[curve.low, curve.high] for curve in curves])
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    pad = 0.06 * (high - low) or 1.0
    return low - pad, high + pad


def square(title_x: str, title_y: str, points: np.ndarray, pad: float = 0.12) -> tuple[dict[str, Any], dict[str, Any]]:
    """Axes of one scale that hold these points."""
    low, high = points.min(0), points.max(0)
    half = 0.5 * float((high - low).max()) * (1 + 2 * pad) or 1.0
    middle = 0.5 * (low + high)
    x = axis(title_x, range=[middle[0] - half, middle[0] + half])
    return x, axis(title_y, range=[middle[1] - half, middle[1] + half], scaleanchor="x", scaleratio=1)
