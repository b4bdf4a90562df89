"""The floor: what float32 arithmetic makes of the same paths."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import layout
from szilard.page.logarithmic import between, ends, logarithmic, range_of
from szilard.page.style import Figure
from szilard.studies.reversal.figures.marks import COLOURS, curve, rate_axis, when
from szilard.studies.reversal.reading import ReversalReading


def figure(reading: ReversalReading) -> Figure | None:
    """The network with the smallest distances, where rounding shows first."""
    double = np.median(reading.rows["distance"].values[-1, ..., 0], axis=2)  # (networks, starts, rates)
    single = np.median(reading.rows["distance_single"].values[-1], axis=2)
    network = len(reading.networks) - 1
    shown = np.where(double[network] < 1e3, double[network], np.nan)
    rounded = np.where(single[network] < 1e3, single[network], np.nan)
    low, high = between(*range_of(shown, rounded))
    data, labels = [], []
    for place, start in enumerate(reading.starts):
        colour = COLOURS[place % len(COLOURS)]
        data.append(curve(reading.rates, shown[place], f"float64, {when(start)}", colour, symbol="circle"))
        data.append(
            curve(reading.rates, rounded[place], f"float32, {when(start)}", colour, dash="dot", symbol="x-thin-open")
        )
        known = shown[place][np.isfinite(shown[place])]
        labels.append((f"step {start:,}", float(known[0]) if len(known) else np.nan, colour))
    return Figure(
        key="arithmetic",
        title="Above rounding",
        caption=(
            f"Distance from θ_0 after {reading.length} steps back ({reading.networks[network]}): float64 (circles) "
            "and float32 (crosses, dotted). Without rounding the distance goes as r² at small r; where float32 departs "
            "from float64, its own rounding begins. Medians over seeds."
        ),
        data=data,
        layout=layout(
            logarithmic("distance ‖θ†_0 − θ_0‖", low, high),
            x=rate_axis(reading.rates),
            right=72,
            annotations=ends(labels, low, high),
        ),
        along_steps=False,
    )
