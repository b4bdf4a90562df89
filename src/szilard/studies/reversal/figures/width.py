"""Against width: what width does to laziness, and what it does not do to reversibility."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import Axis, positive, widened
from szilard.page.plot import Plot
from szilard.page.style import BLACK, GREY, PALE, Figure, Pen
from szilard.studies.reversal.figures.laziness import QUANTITIES
from szilard.studies.reversal.figures.marks import SIZE, medians, ribbon
from szilard.studies.reversal.reading import ReversalReading
from szilard.studies.reversal.words import concluded
from szilard.verdicts.audit import Audit

STEP = ("relative_step", "share of a step that one step back misses", "step back", Pen(BLACK, width=3.0), "star")
RETURN = ("relative_return", "share of the way back missed", "way back", Pen(GREY), "circle-open")


def figure(reading: ReversalReading, audit: Audit) -> Figure | None:
    """None where no networks of several widths were run."""
    wide = reading.width
    if wide is None:
        return None
    widths = wide["width"].values.astype(float)
    drawn = (*QUANTITIES, STEP, RETURN)
    across = Axis("width of the hidden layers", log=True, span=widened(widths[0], widths[-1], 1.1), at=widths,
                  called=[f"{width:.0f}" for width in widths])  # fmt: skip
    plot = Plot(across, right=84)
    span = widened(*positive(*(wide[name].values[-1] for name, *_ in drawn)))
    panel = plot.panel("relative change, share missed", log=True, span=span)
    for name, words, short, pen, symbol in drawn:
        values = wide[name].values[-1]  # (seeds, widths)
        ribbon(panel, widths, values, pen)
        curve = medians(widths, np.median(values, axis=0))
        panel.line(curve, words, pen if name == STEP[0] else pen.at(2.0), symbol=symbol, size=SIZE, end=short)
    law = np.median(wide["kernel_change"].values[-1], axis=0)[0] * widths[0] / widths
    panel.reference(widths, law, "1/width", Pen(PALE, "dot", 1.4))
    count = int(wide["step"].values[-1])
    return plot.figure(
        "width",
        "Width makes lazy. Does it make reversible?",
        f"Perceptrons in the tangent-kernel parametrisation, {count} steps from their initialisation at one "
        "learning rate, so that all learn equally fast. Dotted: 1/width, the law of a lazy kernel. Black: the "
        "share of a step that one step back misses; grey: all steps back together. "
        f"{concluded(audit)} Bands: the range over seeds.",
        wide=True,
    )
