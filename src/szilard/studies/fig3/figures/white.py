"""White? The autocorrelation at every lag, over all starts, against the bound of the audit."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import Axis
from szilard.page.notes import SAID
from szilard.page.panel import Panel
from szilard.page.plot import Plot
from szilard.page.style import Figure, Pen
from szilard.studies.fig3.figures.marks import pen_of
from szilard.studies.fig3.reading import Fig3Reading
from szilard.verdicts.bounds import COLOUR

SHIFT = 0.14
"""Between the marks of neighbouring batch sizes, in places of the axis."""


def figure(reading: Fig3Reading) -> Figure | None:
    """None where no lag but 0 was recorded."""
    lags = reading.lags
    if not reading.shown or len(lags) < 2:
        return None
    across = Axis("lag h (training steps)", at=np.arange(1.0, len(lags)), called=[f"{lag:,}" for lag in lags[1:]],
                  span=(0.4, len(lags) - 0.4))  # fmt: skip
    plot = Plot(across, legend="above")
    panel = plot.panel("ρ(h)")
    top = max((_drawn(reading, panel, number) for number in range(len(reading.shown))), default=0.0)
    if not plot.traces:
        return None
    panel.span = (-1.05 * max(top, COLOUR), 1.05 * max(top, COLOUR))
    panel.band(-COLOUR, COLOUR)
    for place in _breaks(lags):
        panel.upright(place, pen=Pen(SAID, "dot", 1.2))
    return plot.figure(
        "white",
        "White? The autocorrelation of the noise",
        "ρ(h) = C(t, h)/C(t, 0), averaged over the starts; 95 % intervals over trainings, each lag for itself. "
        f"White noise has ρ = 0; the grey band is the audit’s bound of ±{COLOUR:g}, within which correlations "
        f"count as none.{_about(reading)}{_broken(lags)}",
    )


def _drawn(reading: Fig3Reading, panel: Panel, number: int) -> float:
    """Draws a batch size and, where known, what shuffled epochs leave at frozen parameters; returns its reach."""
    batch = reading.shown[number]
    try:
        found = reading.autocorrelation(batch)
    except ValueError:
        return 0.0
    places = np.arange(1.0, len(reading.lags)) + SHIFT * (number - (len(reading.shown) - 1) / 2)
    half, values, pen = reading.half_widths[batch] * found.error[1:], found.value[1:], pen_of(batch)
    symbol = ("circle", "square", "diamond", "cross", "x")[number % 5]
    panel.points(places, values, reading.label(batch), pen, symbol, half=half, size=6, legend=True)
    top = float(np.abs(values).max() + half.max())
    if (exact := reading.shuffled(batch)) is None:
        return top
    panel.points(places, exact[1:], "exact, shuffled epochs", pen, "line-ew-open", size=12, edge=pen.at(2),
                 legend=not number)  # fmt: skip
    return max(top, float(np.abs(exact[1:]).max()))


def _breaks(lags: np.ndarray) -> list[float]:
    """Where lags are left out, half way between their neighbours' places."""
    return [place + 0.5 for place in np.flatnonzero(np.diff(lags) > 1).tolist() if place]


def _broken(lags: np.ndarray) -> str:
    return " Dotted: between its neighbours lags are left out, and the axis jumps." if _breaks(lags) else ""


def _about(reading: Fig3Reading) -> str:
    if all(reading.epoch(batch) is None for batch in reading.shown):
        return ""
    return " Dashes: what shuffled epochs of M batches leave by themselves, −(M − h)/[M(M − 1)], at frozen parameters."
