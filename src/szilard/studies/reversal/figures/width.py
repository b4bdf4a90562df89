"""Against width: what width does to laziness, and what it does not do to reversibility."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import layout
from szilard.page.logarithmic import between, ends, logarithmic, range_of
from szilard.page.style import BLACK, Figure
from szilard.studies.reversal.figures.laziness import QUANTITIES
from szilard.studies.reversal.figures.marks import curve, ribbon
from szilard.studies.reversal.reading import ReversalReading
from szilard.studies.reversal.words import concluded
from szilard.verdicts.audit import Audit

GREY = "#6B7280"
STEP = ("relative_step", "share of a step that one step back misses", "step back", BLACK, "solid", "star")
RETURN = ("relative_return", "share of the way back missed", "way back", GREY, "solid", "circle-open")


def figure(reading: ReversalReading, audit: Audit) -> Figure | None:
    """None where no networks of several widths were run."""
    wide = reading.width
    if wide is None:
        return None
    widths = wide["width"].values.astype(float)
    drawn = (*QUANTITIES, STEP, RETURN)
    low, high = between(*range_of(*(wide[name].values[-1] for name, *_ in drawn)))
    data, labels = [], []
    for name, words, short, colour, dash, symbol in drawn:
        values = wide[name].values[-1]  # (seeds, widths)
        middle = np.median(values, axis=0)
        data += ribbon(widths, values, colour)
        data.append(
            curve(widths, middle, words, colour, dash=dash, symbol=symbol, width=3.0 if name == STEP[0] else 2.0)
        )
        labels.append((short, float(middle[-1]), colour))
    reference = np.median(wide["kernel_change"].values[-1], axis=0)[0] * widths[0] / widths
    data.append(curve(widths, reference, "1/width", "#9AA1AB", dash="dot", width=1.4))
    count = int(wide["step"].values[-1])
    return Figure(
        key="width",
        title="Width makes lazy. Does it make reversible?",
        caption=(
            f"Perceptrons in the tangent-kernel parametrisation, {count} steps from their initialisation at one "
            "learning rate, so that all learn equally fast. Dotted: 1/width, the law of a lazy kernel. Black: the "
            "share of a step that one step back misses; grey: all steps back together. "
            f"{concluded(audit)} Bands: the range over seeds."
        ),
        data=data,
        layout=layout(
            logarithmic("relative change, share missed", low, high),
            x=logarithmic("width of the hidden layers", *between(widths[0], widths[-1], 1.1), tickvals=list(widths),
                          ticktext=[f"{width:.0f}" for width in widths]),
            right=84,
            annotations=ends(labels, low, high),
        ),
        along_steps=False,
        wide=True,
    )  # fmt: skip
