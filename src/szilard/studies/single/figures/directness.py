"""Direct against actual: what one jump from the first model would have cost, and how straight the way was."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import spread
from szilard.page.curve import Curve, thinned
from szilard.page.plot import Plot
from szilard.page.style import BLUE, GREEN, VERMILLION, Figure, Pen
from szilard.studies.kits.watched.curves import curve
from szilard.studies.single.reading import SingleReading


def figure(reading: SingleReading) -> Figure | None:
    """None without the columns of the direct way."""
    if not reading.has("work_direct", "length_direct") or reading.records < 2:
        return None
    actual, direct = curve(reading, "work"), curve(reading, "work_direct")
    length, straight = reading.column("length"), reading.column("length_direct")
    rows = np.flatnonzero(length > 0)
    rows = rows[thinned(len(rows))]
    directness = Curve(reading.steps[rows], (straight[rows] / length[rows]) ** 2)
    plot = Plot(right=76)
    panel = plot.panel("work (nat per input)", span=spread(actual.values, direct.values))
    panel.line(actual, "actual work W", Pen(BLUE), unit="nat", end="actual W")
    panel.line(direct, "direct: KL(p₀‖pₙ)", Pen(VERMILLION, "dash"), unit="nat", end="one jump")
    panel = plot.panel("directness", log=True, span=spread(directness.values, [1.0], log=True))
    panel.line(directness, "directness L(p₀,pₙ)²/L²", Pen(GREEN, "dashdot"))
    panel.rule(1.0, "a straight way")
    return plot.figure(
        "directness",
        "How straight the way was",
        "Above: the work done step by step, and that of a single jump from the first model to the present one. "
        "Below: the squared ratio of the straight distance to the way travelled; 1 for a straight way, small where "
        "training wandered.",
    )
