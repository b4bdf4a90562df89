"""Loss, test loss and accuracy of the members."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import spread
from szilard.page.style import BLUE, GREEN, VERMILLION, Figure, Pen
from szilard.studies.ensemble.figures.marks import (
    curve_of,
    has_curve,
    has_curves_of_members,
    members_of,
    plot_of,
    step_heads,
)
from szilard.studies.ensemble.reading import EnsembleReading
from szilard.studies.ensemble.words.design import loss_name

PANELS = (
    ("loss", "", "training loss (as given)", "loss", Pen(VERMILLION)),
    ("cross_entropy", "cross_entropy_mean", "test loss (nat)", "mean", Pen(BLUE)),
    ("accuracy", "accuracy_mean", "accuracy (1)", "mean", Pen(GREEN)),
)


def figure(reading: EnsembleReading) -> Figure | None:
    """A panel for each that was recorded; None for none."""
    found = [panel for panel in PANELS if has_curves_of_members(reading, panel[0])]
    if not found:
        return None
    plot = plot_of(reading, right=70)
    loss = loss_name(reading)
    for column, mean, plain, short, pen in found:
        title, crowd = plain.replace("test loss", loss), members_of(reading, column)
        panel = plot.panel(title)
        panel.crowd(crowd, pen)
        heights = [*(curve.values for curve in crowd), np.zeros(1)]
        if mean and has_curve(reading, mean):
            curve = curve_of(reading, mean)
            heights += [np.minimum(curve.high, 1.0) if column == "accuracy" else curve.high]
            panel.line(curve, f"mean {title.rpartition(' (')[0]}", pen, end=short)
        panel.span = spread(*heights, pad=0.04)
    step_heads(reading, plot.panels)
    return plot.figure(
        "training",
        "Loss and accuracy of the members",
        "Thin: single trainings; thick: their mean with its 95 % band over the outermost clusters. The training "
        f"loss is the mean over the steps since the previous record; {loss} and accuracy are on the probe.",
    )
