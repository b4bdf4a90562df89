"""The ledger of the members: work, heat and change of entropy of each, and their means."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import spread
from szilard.page.curve import Curve
from szilard.page.style import BLUE, GREEN, VERMILLION, Figure, Pen
from szilard.studies.ensemble.figures.marks import (
    curve_of,
    drawn,
    has_curve,
    has_curves_of_members,
    members_of,
    plot_of,
    step_heads,
)
from szilard.studies.ensemble.reading import EnsembleReading

QUANTITIES = (
    ("work", "work_mean", "mean work W", "W = Σ(X|Θ)", Pen(BLUE)),
    ("heat", "heat_mean", "mean heat Q absorbed", "Q", Pen(VERMILLION, "dash")),
    ("entropy_change", "", "mean change of entropy ΔS(X|Θ)", "ΔS(X|Θ)", Pen(GREEN, "dashdot")),
)


def figure(reading: EnsembleReading) -> Figure | None:
    """None without the mean work."""
    if not has_curve(reading, "work_mean", "heat_mean"):
        return None
    plot = plot_of(reading, right=92)
    panel, heights = plot.panel("nat per input, since the first record"), []
    for column, *_, pen in QUANTITIES:
        if has_curves_of_members(reading, column):
            panel.crowd(crowd := members_of(reading, column), pen)
            heights += [curve.values for curve in crowd]
    for column, mean, words, short, pen in QUANTITIES:
        if not mean and not has_curves_of_members(reading, column):
            continue
        curve = curve_of(reading, mean) if mean else _change(reading)
        panel.line(curve, words, pen, unit="nat", end=short)
        heights.append(curve.values)
    panel.span = spread(*heights)
    step_heads(reading, plot.panels)
    return plot.figure(
        "ledger",
        "The ledger of the members",
        "Thick: means over the ensemble with 95 % bands over the outermost clusters; thin: single trainings. "
        "W + Q = ΔS for each of them. What spreads here is heat and work; what it means for predictions is the "
        "budget above.",
    )


def _change(reading: EnsembleReading) -> Curve:
    """Mean ΔS(X|Θ): by the first law the sum of mean work and mean heat."""
    work, heat = reading.column("work_mean"), reading.column("heat_mean")
    return drawn(reading, np.asarray(work + heat))
