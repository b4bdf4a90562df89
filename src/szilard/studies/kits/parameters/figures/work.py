"""Predicted drift and diffusion beside the measured work per step."""

from __future__ import annotations

from szilard.page.axes import spread
from szilard.page.curve import Curve, thinned
from szilard.page.plot import Plot
from szilard.page.style import BLACK, BLUE, GREEN, VERMILLION, Figure, Pen
from szilard.studies.kits.parameters.claims.work import works
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
    plot = Plot(right=90)
    panel, seen = plot.panel("nat per input and training step", log=True), []
    for short, name, values, pen in parts:
        keep = rows[values[rows] > 0]
        if len(keep):
            panel.line(Curve(found.steps[keep], values[keep]), name, pen, unit="nat", end=short)
            seen.append(values[keep])
    panel.span = spread(*seen, log=True)
    at = f"a jump of {found.interval:,} steps" if found.interval > 1 else "every step"
    return plot.figure(
        "predicted",
        "Drift and diffusion, predicted and measured",
        f"Work per training step, measured at {at} by the ledger, beside what the force (½ r² ∇U·F∇U, times the "
        "interval) and the noise (½ r² tr(F C)/|b|) should cost to leading order, from the bursts at both ends. "
        "Beyond the relaxation time jumps undo one another and cost less.",
    )
