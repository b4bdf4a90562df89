"""Length against the speed limits: the least work for the way travelled."""

from __future__ import annotations

import numpy as np

from szilard.ledger.speed_limits import speed_limit, speed_limit_one_sided
from szilard.page.axes import spread
from szilard.page.curve import Curve, thinned
from szilard.page.plot import Plot
from szilard.page.style import BLACK, BLUE, GREEN, VERMILLION, Figure, Pen
from szilard.studies.kits.watched.curves import curve
from szilard.studies.single.reading import SingleReading


def figure(reading: SingleReading) -> Figure | None:
    """None without two records."""
    if not reading.whole:
        return None
    rows = thinned(reading.records)
    steps, length = reading.steps[rows], reading.column("length")[rows]
    jumps = rows.tolist()
    work = reading.column("work")[rows]
    paid = 0.5 * (work + reading.column("work_reverse")[rows])
    least = np.array([speed_limit(float(x), n) if n else 0.0 for x, n in zip(length, jumps, strict=True)])
    looser = np.array([speed_limit_one_sided(float(x), n) if n else 0.0 for x, n in zip(length, jumps, strict=True)])
    costs = [
        ("paid", "paid: (W + W_rev)/2", paid, Pen(BLUE)),
        ("least", "least: 4n[1 − cos(L/2n)]", least, Pen(VERMILLION, "dash")),
        ("W", "paid: W", work, Pen(BLACK, "dot", 1.8)),
        ("least W", "least W: −2n ln cos(L/2n)", looser, Pen(GREEN, "dashdot")),
    ]
    way = curve(reading, "length")
    plot = Plot(right=76)
    panel = plot.panel("work (nat per input)", span=spread(*(values for _, _, values, _ in costs)))
    for short, name, values, pen in costs:
        panel.line(Curve(steps, values), name, pen, unit="nat", end=short)
    panel = plot.panel("length L (nat^½)", span=spread(way.high, [0.0]))
    panel.line(way, "length L", Pen(BLACK), unit="nat^½", end="L")
    return plot.figure(
        "length",
        "The way and the least it could have cost",
        "Above: work paid, (W + W_rev)/2, and the least for the same length in as many jumps. "
        "The paid curves never fall below their limits, for any model. Below: the statistical length L of the way.",
    )
