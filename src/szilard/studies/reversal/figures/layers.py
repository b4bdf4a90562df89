"""Which layers stray: the share of its own way that each misses, against the rate."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import positive, widened
from szilard.page.plot import Plot
from szilard.page.style import Figure, Pen
from szilard.studies.reversal.figures.marks import COLOURS, MOST, SIZE, SYMBOLS, medians, rate_axis, when
from szilard.studies.reversal.reading import ReversalReading

MOST_LAYERS = 10


def figure(reading: ReversalReading) -> Figure | None:
    """None for a single layer, or more of them than can be told apart."""
    names = reading.groups[1:]
    if not 1 < len(names) <= MOST_LAYERS:
        return None
    relative = np.median(reading.relative()[-1, ..., 1:], axis=1)  # (starts, rates, layers)
    shown = np.where(relative <= MOST, relative, np.nan)
    plot = Plot(rate_axis(reading.rates), right=72)
    for place, start in enumerate(reading.starts):
        panel = plot.panel("share of its way missed", log=True, span=widened(*positive(shown)))
        panel.heading(when(start))
        for layer, name in enumerate(names):
            values, pen = shown[place, :, layer], Pen(COLOURS[layer % len(COLOURS)])
            panel.line(medians(reading.rates, values), name, pen, symbol=SYMBOLS[layer % len(SYMBOLS)], size=SIZE)
            known = values[np.isfinite(values)]
            panel.end(f"layer {layer + 1}", float(known[0]) if len(known) else np.nan, pen.colour)
    return plot.figure(
        "layers",
        "Layer by layer",
        f"The share of its own way that each layer misses after {reading.length} steps back, "
        f"{reading.networks[0]}, medians over seeds. Points above the panel are left out.",
    )
