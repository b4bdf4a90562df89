"""Direct against actual: what one jump from the first model would have cost, and how straight the way was."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import axis, layout, rule, spread
from szilard.page.curve import Curve, thinned
from szilard.page.drawing import label_ends, line
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
    data = [
        *line(actual, "actual work W", Pen(BLUE), unit="nat"),
        *line(direct, "direct: KL(p₀‖pₙ)", Pen(VERMILLION, "dash"), unit="nat"),
        *line(directness, "directness L(p₀,pₙ)²/L²", Pen(GREEN, "dashdot"), panel=2),
    ]
    low, high = spread(actual.values, direct.values)
    ends = [("actual W", float(actual.values[-1]), BLUE), ("one jump", float(direct.values[-1]), VERMILLION)]
    logs = np.log10(directness.values[directness.values > 0]) if len(rows) else np.zeros(1)
    bottom, top = spread(logs, [0.0])
    ticks = {"dtick": 1} if top - bottom > 1.5 else {}
    shape, note = rule(1.0, "a straight way", panel=2, log=True)
    return Figure(
        key="directness",
        title="How straight the way was",
        caption=(
            "Above: the work done step by step, and that of a single jump from the first model to the present one. "
            "Below: the squared ratio of the straight distance to the way travelled; 1 for a straight way, small where "
            "training wandered."
        ),
        data=data,
        layout=layout(
            axis("work (nat per input)", range=[low, high]),
            axis("directness", type="log", range=[bottom, top], **ticks),
            right=76,
            shapes=[shape],
            annotations=[*label_ends(ends, (low, high)), note],
        ),
        panels=2,
    )
