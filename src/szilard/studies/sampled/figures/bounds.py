"""The gap between the bounds on the entropy against the number of draws: how it closes."""

from __future__ import annotations

from szilard.page.axes import Axis, positive, widened
from szilard.page.marks import JOINED
from szilard.page.plot import Plot
from szilard.page.style import Figure, Pen
from szilard.studies.sampled.figures.marks import DASHES, quarters, shade
from szilard.studies.sampled.reading import SampledReading

SYMBOLS = ("circle", "square", "diamond", "triangle-up")


def figure(reading: SampledReading) -> Figure | None:
    """At the ends of the quarters of the training; None where there are no bounds."""
    if not reading.has("entropy_gap") or "draw" not in reading.rows.dims:
        return None
    gap, half = reading.column("entropy_gap"), reading.half_width * reading.column("entropy_gap_error")
    draws = [float(draw) for draw in reading.rows["draw"].values]
    ends = [int(rows[-1]) for rows in quarters(len(gap))]
    called = [f"{draw:g}" for draw in draws]
    x = Axis("draws K from the encoder", log=True, at=draws, called=called)
    plot = Plot(x, legend="above", legend_rows=2, closest=True)
    log = bool((gap[ends] > half[ends]).all())
    span = widened(*positive(gap[ends]), 1.6) if log else None
    panel = plot.panel("gap (nat)", log=log, span=span if log else None)
    for number, row in enumerate(ends):
        pen = Pen(shade(number / max(len(ends) - 1, 1)), DASHES[number % len(DASHES)], JOINED)
        panel.points(draws, gap[row], f"step {reading.steps[row]:,}", pen, SYMBOLS[number % len(SYMBOLS)],
                     half=half[row], joined=True, unit="nat", legend=True)  # fmt: skip
    return plot.figure(
        "bounds",
        "How the bounds close",
        "Upper less lower bound of the entropy S(X|θ), against the number K of draws from the encoder: all "
        "bounds on this page are those of the largest K. Where the encoder misses the posterior the gap closes "
        "slowly. Bars: 95 %, over samples.",
    )
