"""What the figures of a sampled run share: colours along the training, units, bounds drawn as areas."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from szilard.page.axes import axis, layout
from szilard.page.curve import Curve
from szilard.page.drawing import between, line
from szilard.page.safe import escape
from szilard.page.style import Pen
from szilard.studies.kits.watched.curves import curve
from szilard.studies.sampled.reading import SampledReading

CIVIDIS = (
    (0.0, "#00224E"), (0.15, "#1D3561"), (0.3, "#434E6C"), (0.45, "#666970"), (0.6, "#878479"), (0.75, "#B3A369"),
    (0.87, "#CFAE36"), (1.0, "#DDA900"),
)  # fmt: skip
"""Cividis (Nuñez, Anderton and Renslow, 2018), which reads alike with any colour vision; its yellow end darkened."""


def shade(share: float) -> str:
    """The colour at a share of the training."""
    share = min(max(share, 0.0), 1.0)
    for (low, first), (high, second) in itertools.pairwise(CIVIDIS):
        if share <= high:
            weight = (share - low) / (high - low)
            pair = [[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in (first, second)]
            return "#" + "".join(f"{round(a + weight * (b - a)):02X}" for a, b in zip(*pair, strict=True))
    return CIVIDIS[-1][1]


def shades(count: int) -> list[str]:
    """Colours of so many records in their order."""
    return [shade(place / max(count - 1, 1)) for place in range(count)]


def banded(
    reading: SampledReading, column: str, name: str, pen: Pen, *, panel: int = 1, unit: str = ""
) -> list[dict[str, Any]]:
    """A quantity as a line with its 95 % band, or as the area between its bounds."""
    upper = curve(reading, column)
    if not reading.has(f"{column}_lower"):
        return line(upper, name, pen, unit=unit, panel=panel)
    lower = curve(reading, f"{column}_lower")
    if len(lower) != len(upper):
        return line(upper, name, pen, unit=unit, panel=panel)
    traces = between(lower.steps, lower.low, upper.high, pen, panel=panel, share=0.1)
    traces += between(lower.steps, lower.values, upper.values, pen, panel=panel, share=0.25)
    thin = Pen(pen.colour, pen.dash, 1.4)
    traces += line(Curve(upper.steps, upper.values), f"{name}, upper bound", thin, unit=unit, panel=panel)
    return traces + line(Curve(lower.steps, lower.values), f"{name}, lower bound", thin, unit=unit, panel=panel)


def end_of(reading: SampledReading, column: str) -> float:
    """Where a name stands: at the last value, or half way between the last bounds."""
    upper = float(curve(reading, column).values[-1])
    return (
        0.5 * (upper + float(curve(reading, f"{column}_lower").values[-1])) if reading.has(f"{column}_lower") else upper
    )


def range_of(reading: SampledReading, columns: Sequence[str]) -> tuple[float, float]:
    """Of all these columns with their bands, a little widened."""
    curves = [curve(reading, name) for column in columns for name in (column, f"{column}_lower") if reading.has(name)]
    values = np.concatenate([np.r_[curve.low, curve.high] for curve in curves])
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    pad = 0.06 * (high - low) or 1.0
    return low - pad, high + pad


def square(
    title_x: str, title_y: str, points: np.ndarray, *, aspect: float = 1.0, pad: float = 0.14
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Axes of one scale that hold these points in a panel ``aspect`` times as wide as high."""
    low, high = points.min(0), points.max(0)
    reach = (high - low) / 2 * (1 + 2 * pad)
    half = float(max(reach[0] / aspect, reach[1])) or 1.0
    middle = 0.5 * (low + high)
    x = axis(title_x, range=[middle[0] - aspect * half, middle[0] + aspect * half], zeroline=False)
    y = axis(title_y, range=[middle[1] - half, middle[1] + half], scaleanchor="x", scaleratio=1, zeroline=False)
    return x, y


def beside(
    panels: Sequence[tuple[dict[str, Any], dict[str, Any]]], widths: Sequence[float], **more: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Panels with axes of their own, side by side; and the same one above another for narrow screens.

    Args:
        panels: x and y axis of each.
        widths: of each, any scale.
        more: of both layouts.
    """
    arranged = []
    for stacked in (False, True):
        whole = layout(axis(""), x=axis(""), right=12, hovermode="closest", **more)
        gap = 0.09 if not stacked else 0.11
        shares = np.full(len(panels), 1.0) if stacked else np.asarray(widths, dtype=float)
        lengths = shares / shares.sum() * (1 - gap * (len(panels) - 1))
        begin = 0.0
        for number, ((x, y), length) in enumerate(zip(panels, lengths.tolist(), strict=True)):
            suffix = "" if not number else str(number + 1)
            domain = (
                [max(1 - begin - length, 0.0), min(1 - begin, 1.0)] if stacked else [begin, min(begin + length, 1.0)]
            )
            whole[f"xaxis{suffix}"] = {**x, "anchor": f"y{suffix}", "domain": [0, 1] if stacked else domain}
            whole[f"yaxis{suffix}"] = {**y, "anchor": f"x{suffix}", "domain": domain if stacked else [0, 1]}
            begin += length + gap
        arranged.append(whole)
    return arranged[0], arranged[1]


def on_panel(trace: dict[str, Any], panel: int) -> dict[str, Any]:
    """A trace on both axes of a panel."""
    suffix = "" if panel == 1 else str(panel)
    return {**trace, "xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}


def head(text: str, panel: int) -> dict[str, Any]:
    """A panel's own words in its upper left corner."""
    suffix = "" if panel == 1 else str(panel)
    return {"text": f"<b>{escape(text)}</b>", "xref": f"x{suffix} domain", "yref": f"y{suffix} domain", "x": 0.02,
            "xanchor": "left", "y": 0.98, "yanchor": "top", "showarrow": False, "font": {"size": 12},
            "bgcolor": "rgba(255,255,255,0.8)"}  # fmt: skip


def level(height: float, text: str, panel: int, *, right: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
    """A dotted line across one panel, with its meaning."""
    suffix = "" if panel == 1 else str(panel)
    shape = {"type": "line", "xref": f"x{suffix} domain", "x0": 0, "x1": 1, "yref": f"y{suffix}", "y0": height,
             "y1": height, "line": {"color": "#6B7280", "width": 1, "dash": "dot"}}  # fmt: skip
    note = {"text": escape(text), "xref": f"x{suffix} domain", "x": 0.98 if right else 0.02,
            "xanchor": "right" if right else "left", "yref": f"y{suffix}", "y": height, "yanchor": "bottom",
            "showarrow": False, "font": {"size": 11, "color": "#4B5563"}}  # fmt: skip
    return shape, note


def quarters(count: int, parts: int = 4) -> list[np.ndarray]:
    """Rows in so many stretches of the training, fewer where there are fewer rows."""
    return [rows for rows in np.array_split(np.arange(count), parts) if len(rows)]
