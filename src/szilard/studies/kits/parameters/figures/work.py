"""Predicted drift and diffusion beside the measured work per step."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import axis, layout, spread
from szilard.page.curve import Curve, thinned
from szilard.page.drawing import label_ends, line
from szilard.page.style import BLACK, BLUE, GREEN, VERMILLION, Figure, Pen
from szilard.studies.kits.parameters.claims.work import works
from szilard.studies.kits.parameters.figures.noise import ticks
from szilard.studies.kits.watched.reading import WatchedReading


def figure(reading: WatchedReading) -> Figure | None:
    """None where no works were predicted, or nothing was measured beside them."""
    found = works(reading)
    if found is None or len(found.steps) < 2:
        return None
    rows = thinned(len(found.steps), 200)
    parts = [
        ("measured", "measured W", found.measured, Pen(BLACK)),
        ("predicted", "drift and diffusion together", found.drift + found.diffusion, Pen(VERMILLION, "dash")),
        ("diffusion", "diffusion ½ r² tr(F C)/|b|", found.diffusion, Pen(BLUE, "dot")),
        ("drift", "drift", found.drift, Pen(GREEN, "dashdot")),
    ]
    data, ends, logs = [], [], []
    for short, name, values, pen in parts:
        keep = rows[values[rows] > 0]
        if not len(keep):
            continue
        data += line(Curve(found.steps[keep], values[keep]), name, pen, unit="nat")
        ends.append((short, float(np.log10(values[keep[-1]])), pen.colour))
        logs.append(np.log10(values[keep]))
    low, high = spread(*logs)
    at = f"a jump of {found.interval:,} steps" if found.interval > 1 else "every step"
    return Figure(
        key="predicted",
        title="Drift and diffusion, predicted and measured",
        caption=(
            f"Work per training step, measured at {at} by the ledger, beside what the force (½ r² ∇U·F∇U, times the "
            "interval) and the noise (½ r² tr(F C)/|b|) should cost to leading order, from the bursts at both ends. "
            "Beyond the relaxation time jumps undo one another and cost less."
        ),
        data=data,
        layout=layout(
            axis("nat per input and training step", type="log", range=[low, high], **ticks((low, high))),
            right=90,
            annotations=label_ends(ends, (low, high)),
        ),
    )
