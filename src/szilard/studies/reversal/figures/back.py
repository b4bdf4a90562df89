"""The way back: how far the reversed path lies from the path it came, step by step, at every rate."""

from __future__ import annotations

import numpy as np

from szilard.numbers import number
from szilard.page.axes import Axis, positive
from szilard.page.plot import Plot
from szilard.page.style import Figure, Pen
from szilard.studies.reversal.figures.marks import MOST, medians, rate_of, shade, when
from szilard.studies.reversal.reading import ReversalReading
from szilard.verdicts.bounds import RETRACED


def figure(reading: ReversalReading) -> Figure:
    """A panel for each start; the model itself, medians over seeds."""
    relative = np.median(reading.relative()[1:, ..., 0], axis=2)  # (steps, starts, rates)
    back = reading.rows["step"].values[1:]
    drawn = np.where(relative <= MOST, relative, np.nan)
    plot = Plot(Axis("steps taken back", span=(0, float(back[-1]))), right=64)
    count = len(reading.rates)
    named = {place for place in (0, 1, 2, count // 2, count - 1) if place < count}
    for column, start in enumerate(reading.starts):
        panel = plot.panel("share of the way missed", log=True, span=(positive(drawn)[0] / 1.6, MOST))
        for place in range(count):
            values, pen = relative[:, column, place], Pen(shade(place, count), width=2.6 if place == 0 else 1.8)
            panel.line(medians(back, _cut(values)), f"r = {number(reading.rates[place])}", pen)
            if place in named and values[-1] <= MOST:
                panel.end(rate_of(place), float(values[-1]), pen.colour)
            beyond = np.flatnonzero(~(values <= MOST))
            if len(beyond):
                text, left = rate_of(place), float(back[beyond[0]])
                panel.over(text, left, pen.colour, shift=(2, 0), level="below")
        panel.heading(f"{when(start)}, {reading.networks[0]}", below=True)
        panel.rule(RETRACED, "a tenth", right=True)
    return plot.figure(
        "back",
        "The way back: reversed inputs, gradient ascent",
        "Distance of the reversed path θ† from the path that was taken, over the way that there was to go back, "
        f"‖θ†_t − θ_t‖/‖θ_n − θ_t‖. Vermillion: the training's own rate r = {reading.rates[0]:g}; each further "
        "curve at half the rate of the one before. Curves that leave at the top overflow: every miss is carried "
        "back by 1 + rH. Medians over seeds.",
        wide=True,
    )


def _cut(values: np.ndarray) -> np.ndarray:
    """Up to where it first leaves the panel, the point beyond included so that the line crosses the edge."""
    beyond = np.flatnonzero(~(values <= MOST))
    kept = values.copy()
    if len(beyond):
        kept[beyond[0] + 1 :] = np.nan
        kept[beyond[0]] = min(kept[beyond[0]], 1e3 * MOST) if np.isfinite(kept[beyond[0]]) else 1e3 * MOST
    return kept
