"""Which layers stray: the share of its own way that each misses, against the rate."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import layout
from szilard.page.logarithmic import between, ends, heading, logarithmic, range_of
from szilard.page.style import Figure
from szilard.studies.reversal.figures.marks import COLOURS, MOST, SYMBOLS, curve, rate_axis, when
from szilard.studies.reversal.reading import ReversalReading

MOST_LAYERS = 10


def figure(reading: ReversalReading) -> Figure | None:
    """None for a single layer, or more of them than can be told apart."""
    names = reading.groups[1:]
    if not 1 < len(names) <= MOST_LAYERS:
        return None
    relative = np.median(reading.relative()[-1, ..., 1:], axis=1)  # (starts, rates, layers)
    shown = np.where(relative <= MOST, relative, np.nan)
    low, high = between(*range_of(shown))
    data, axes, notes = [], [], []
    for place, start in enumerate(reading.starts):
        panel, labels = place + 1, []
        for layer, name in enumerate(names):
            colour, symbol = COLOURS[layer % len(COLOURS)], SYMBOLS[layer % len(SYMBOLS)]
            data.append(curve(reading.rates, shown[place, :, layer], name, colour, panel=panel, symbol=symbol))
            known = shown[place, :, layer][np.isfinite(shown[place, :, layer])]
            labels.append((f"layer {layer + 1}", float(known[0]) if len(known) else np.nan, colour))
        axes.append(logarithmic("share of its way missed", low, high))
        notes += [heading(when(start), panel), *ends(labels, low, high, panel)]
    return Figure(
        key="layers",
        title="Layer by layer",
        caption=(
            f"The share of its own way that each layer misses after {reading.length} steps back, "
            f"{reading.networks[0]}, medians over seeds. Points above the panel are left out."
        ),
        data=data,
        layout=layout(
            *axes,
            x=rate_axis(reading.rates),
            right=72,
            annotations=notes,
        ),
        along_steps=False,
        panels=len(axes),
    )
