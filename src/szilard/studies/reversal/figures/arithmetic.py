"""The floor: what float32 arithmetic makes of the same paths."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import positive, widened
from szilard.page.plot import Plot
from szilard.page.style import Figure, Pen
from szilard.studies.reversal.figures.marks import COLOURS, SIZE, medians, rate_axis, when
from szilard.studies.reversal.reading import ReversalReading


def figure(reading: ReversalReading) -> Figure | None:
    """The network with the smallest distances, where rounding shows first."""
    double = np.median(reading.rows["distance"].values[-1, ..., 0], axis=2)  # (networks, starts, rates)
    single = np.median(reading.rows["distance_single"].values[-1], axis=2)
    network = len(reading.networks) - 1
    shown = np.where(double[network] < 1e3, double[network], np.nan)
    rounded = np.where(single[network] < 1e3, single[network], np.nan)
    plot = Plot(rate_axis(reading.rates), right=72)
    panel = plot.panel("distance ‖θ†_0 − θ_0‖", log=True, span=widened(*positive(shown, rounded)))
    for place, start in enumerate(reading.starts):
        pen = Pen(COLOURS[place % len(COLOURS)])
        exact, single = (medians(reading.rates, values[place]) for values in (shown, rounded))
        panel.line(exact, f"float64, {when(start)}", pen, symbol="circle", size=SIZE)
        panel.line(single, f"float32, {when(start)}", Pen(pen.colour, "dot"), symbol="x-thin-open", size=SIZE)
        known = shown[place][np.isfinite(shown[place])]
        panel.end(f"step {start:,}", float(known[0]) if len(known) else np.nan, pen.colour)
    return plot.figure(
        "arithmetic",
        "Above rounding",
        f"Distance from θ_0 after {reading.length} steps back ({reading.networks[network]}): float64 (circles) "
        "and float32 (crosses, dotted). Without rounding the distance goes as r² at small r; where float32 departs "
        "from float64, its own rounding begins. Medians over seeds.",
    )
