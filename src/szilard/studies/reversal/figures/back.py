"""The way back: how far the reversed path lies from the path it came, step by step, at every rate."""

from __future__ import annotations

from typing import Any

import numpy as np

from szilard.page.axes import axis, layout
from szilard.page.logarithmic import ends, heading, limit, logarithmic, range_of
from szilard.page.style import Figure
from szilard.studies.reversal.figures.marks import MOST, curve, rate_of, shade, when
from szilard.studies.reversal.reading import ReversalReading
from szilard.verdicts.bounds import RETRACED


def figure(reading: ReversalReading) -> Figure:
    """A panel for each start; the model itself, medians over seeds."""
    relative = np.median(reading.relative()[1:, ..., 0], axis=2)  # (steps, starts, rates)
    back = reading.rows["step"].values[1:]
    drawn = np.where(relative <= MOST, relative, np.nan)
    low, high = range_of(drawn)[0] / 1.6, MOST
    data, axes, notes, shapes = [], [], [], []
    count = len(reading.rates)
    named = sorted({place for place in (0, 1, 2, count // 2, count - 1) if place < count})
    for panel, start in enumerate(reading.starts, start=1):
        for place in range(count):
            values = _cut(relative[:, panel - 1, place])
            name = f"r = {reading.rates[place]:.2g}"
            data.append(curve(back, values, name, shade(place, count), panel=panel, width=2.6 if place == 0 else 1.8))
        axes.append(logarithmic("share of the way missed", low, high))
        notes.append(heading(f"{when(start)}, {reading.networks[0]}", panel, below=True))
        notes += ends(
            [
                (rate_of(reading.rates, place), float(relative[-1, panel - 1, place]), shade(place, count))
                for place in named
                if relative[-1, panel - 1, place] <= MOST
            ],
            low,
            high,
            panel,
        )
        notes += _exits(relative[:, panel - 1], back, reading.rates, panel)
        shape, note = limit(RETRACED, "a tenth", panel)
        shapes.append(shape)
        notes.append(note)
    return Figure(
        key="back",
        title="The way back: reversed inputs, gradient ascent",
        caption=(
            "Distance of the reversed path θ† from the path that was taken, over the way that there was to go back, "
            f"‖θ†_t − θ_t‖/‖θ_n − θ_t‖. Vermillion: the training's own rate r = {reading.rates[0]:g}; each further "
            "curve at half the rate of the one before. Curves that leave at the top overflow: every miss is carried "
            "back by 1 + rH. Medians over seeds."
        ),
        data=data,
        layout=layout(
            *axes,
            x=axis("steps taken back", range=[0, float(back[-1])]),
            right=64,
            annotations=notes,
            shapes=shapes,
        ),
        along_steps=False,
        panels=len(axes),
        wide=True,
    )


def _exits(relative: np.ndarray, back: np.ndarray, rates: np.ndarray, panel: int) -> list[dict[str, Any]]:
    """The names of the curves that leave the panel at its top, where they do."""
    notes = []
    for place in range(len(rates)):
        beyond = np.flatnonzero(~(relative[:, place] <= MOST))
        if len(beyond):
            notes.append({"text": rate_of(rates, place), "x": float(back[beyond[0]]), "xanchor": "left", "xshift": 2,
                          "yref": "y domain" if panel == 1 else f"y{panel} domain", "y": 1.0, "yanchor": "top",
                          "showarrow": False, "font": {"size": 12, "color": shade(place, len(rates))}})  # fmt: skip
    return notes


def _cut(values: np.ndarray) -> np.ndarray:
    """Up to where it first leaves the panel, the point beyond included so that the line crosses the edge."""
    beyond = np.flatnonzero(~(values <= MOST))
    kept = values.copy()
    if len(beyond):
        kept[beyond[0] + 1 :] = np.nan
        kept[beyond[0]] = min(kept[beyond[0]], 1e3 * MOST) if np.isfinite(kept[beyond[0]]) else 1e3 * MOST
    return kept
