"""The ledger: work, heat and change of entropy along the training, with error bands or between bounds."""

from __future__ import annotations

from szilard.page.plot import Plot
from szilard.page.style import BLUE, GREEN, VERMILLION, Figure, Pen
from szilard.studies.sampled.figures.marks import banded, range_of
from szilard.studies.sampled.reading import SampledReading

QUANTITIES = (
    ("W = Σ", "work W", "work", Pen(BLUE)),
    ("Q", "heat Q absorbed", "heat", Pen(VERMILLION, "dash")),
    ("ΔS", "change of entropy ΔS(X|θ)", "entropy_change", Pen(GREEN, "dashdot")),
)
"""Short and long name, column and pen."""

ERRORS = {
    "sequential": "Bands: 95 %, over independent samples of text.",
    "tractable": "Bands: 95 %, over independent samples.",
    "bounded": "φ is known between bounds only: dark areas lie between the bounds, light edges are their 95 % bands.",
    "energetic": "For an ideal sampler. Bands: 95 %, over independent replicates of the reference population.",
}


def figure(reading: SampledReading) -> Figure | None:
    """Work, heat and change of entropy; None without two records."""
    shown = [each for each in QUANTITIES if reading.has(each[2])]
    if not reading.whole or not shown:
        return None
    plot = Plot(right=58)
    span = range_of(reading, [column for _, _, column, _ in shown])
    panel = plot.panel(f"{reading.per}, since the first record", span=span)
    for short, name, column, pen in shown:
        banded(panel, reading, column, name, pen, end=short)
    return plot.figure(
        "ledger",
        "The ledger",
        "What the optimiser did to the model (work W), what X gave off when it settled under the new model (heat "
        "Q, negative when given off), and how much the model's entropy changed (ΔS): W + Q = ΔS. With samples of "
        f"the model itself at every step, all work is entropy production Σ. {ERRORS.get(reading.capability, '')}",
        wide=True,
    )
