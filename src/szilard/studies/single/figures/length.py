"""Length against the speed limits: the least work for the way travelled."""

from __future__ import annotations

import numpy as np

from szilard.ledger.speed_limits import speed_limit, speed_limit_one_sided
from szilard.page.axes import axis, layout, spread
from szilard.page.curve import Curve, thinned
from szilard.page.drawing import label_ends, line
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
    data = line(curve(reading, "length"), "length L", Pen(BLACK), unit="nat^½", panel=2)
    for _, name, values, pen in costs:
        data += line(Curve(steps, values), name, pen, unit="nat")
    low, high = spread(*(values for _, _, values, _ in costs))
    ends = [(short, float(values[-1]), pen.colour) for short, _, values, pen in costs]
    way = curve(reading, "length")
    tallest = way.values + (way.half if way.half is not None else 0)
    long_low, long_high = spread(tallest, [0.0])
    return Figure(
        key="length",
        title="The way and the least it could have cost",
        caption=(
            "Above: work paid, (W + W_rev)/2, and the least for the same length in as many jumps. "
            "The paid curves never fall below their limits, for any model. Below: the statistical length L of the way."
        ),
        data=data,
        layout=layout(
            axis("work (nat per input)", range=[low, high]),
            axis("length L (nat^½)", range=[long_low, long_high]),
            right=76,
            annotations=[
                *label_ends(ends, (low, high)),
                *label_ends([("L", float(way.values[-1]), BLACK)], (long_low, long_high), panel=2),
            ],
        ),
        panels=2,
    )
