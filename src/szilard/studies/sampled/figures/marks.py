"""What the figures of a sampled run share: colours along the training, quantities between bounds, panels in a row."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from szilard.page.axes import Span, spread
from szilard.page.curve import Curve
from szilard.page.panel import Panel
from szilard.page.plot import Place
from szilard.page.style import Pen
from szilard.studies.kits.watched.curves import curve
from szilard.studies.sampled.reading import SampledReading

CIVIDIS = (
    (0.0, "#00224E"), (0.15, "#1D3561"), (0.3, "#434E6C"), (0.45, "#666970"), (0.6, "#878479"), (0.75, "#B3A369"),
    (0.87, "#CFAE36"), (1.0, "#DDA900"),
)  # fmt: skip
"""Cividis (Nuñez, Anderton and Renslow, 2018), which reads alike with any colour vision; its yellow end darkened."""
DASHES = ("solid", "dash", "dashdot", "dot")
"""Of the quarters of the training."""
_GAP, _GAP_DOWN = 0.09, 0.11
"""Between panels side by side, and between panels over one another: shares of the figure."""


def shade(share: float) -> str:
    """The colour at a share of the training, from dark at its beginning to light at its end."""
    share = min(max(share, 0.0), 1.0)
    for (low, first), (high, second) in itertools.pairwise(CIVIDIS):
        if share <= high:
            weight = (share - low) / (high - low)
            pair = [[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in (first, second)]
            return "#" + "".join(f"{round(a + weight * (b - a)):02X}" for a, b in zip(*pair, strict=True))
    return CIVIDIS[-1][1]


def shades(count: int) -> list[str]:
    """The colours of so many records, in their order."""
    return [shade(place / max(count - 1, 1)) for place in range(count)]


def quarters(count: int, parts: int = 4) -> list[np.ndarray]:
    """Rows in so many stretches of the training, fewer where there are fewer rows."""
    return [rows for rows in np.array_split(np.arange(count), parts) if len(rows)]


def banded(panel: Panel, reading: SampledReading, column: str, name: str, pen: Pen, *, end: str = "") -> None:
    """Draws a quantity as a line with its 95 % band, or as the area between its bounds; ``end`` names it at its end."""
    upper, lower = curve(reading, column), _lower(reading, column)
    if end:
        height = upper.values[-1] if lower is None else 0.5 * (upper.values[-1] + lower.values[-1])
        panel.end(end, float(height), pen.colour)
    if lower is None or len(lower) != len(upper):
        panel.line(upper, name, pen, unit=reading.per)
        return
    panel.between(lower.steps, lower.low, upper.high, pen, share=0.1)
    panel.between(lower.steps, lower.values, upper.values, pen, share=0.25)
    for bound, each in (("upper", upper), ("lower", lower)):
        panel.line(Curve(each.steps, each.values), f"{name}, {bound} bound", pen.at(1.4), unit=reading.per)


def range_of(reading: SampledReading, columns: Sequence[str]) -> Span:
    """The range of all these columns with their bands and bounds, a little widened."""
    curves = [curve(reading, column) for column in columns]
    curves += [lower for column in columns if (lower := _lower(reading, column)) is not None]
    return spread(*(end for each in curves for end in (each.low, each.high)))


def _lower(reading: SampledReading, column: str) -> Curve | None:
    """The lower bound of a quantity that is known between bounds."""
    return curve(reading, f"{column}_lower") if reading.has(f"{column}_lower") else None


def side_by_side(widths: Sequence[float]) -> list[Place]:
    """Places of panels of these relative widths, from the left."""
    return [((begin, end), (0.0, 1.0)) for begin, end in _shared_out(widths, _GAP)]


def over_one_another(count: int) -> list[Place]:
    """Places of as many panels, the first on top, for narrow screens."""
    return [
        ((0.0, 1.0), (max(1 - end, 0.0), min(1 - begin, 1.0))) for begin, end in _shared_out([1] * count, _GAP_DOWN)
    ]


def _shared_out(lengths: Sequence[float], gap: float) -> list[tuple[float, float]]:
    """Stretches from 0 to 1 of these relative lengths, with gaps between them."""
    shares = np.asarray(lengths, dtype=float) / np.sum(lengths) * (1 - gap * (len(lengths) - 1))
    begins = np.r_[0.0, np.cumsum(shares + gap)[:-1]]
    return [(begin, min(begin + share, 1.0)) for begin, share in zip(begins.tolist(), shares.tolist(), strict=True)]
