"""Loss, test loss and accuracy of the members."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import axis, layout, spread
from szilard.page.drawing import label_ends, line, thin
from szilard.page.style import BLUE, GREEN, VERMILLION, Figure, Pen
from szilard.studies.ensemble.figures.marks import (
    curve_of,
    has_curve,
    has_curves_of_members,
    members_of,
    step_heads,
    x_axis,
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
    data, axes, notes, spans = [], [], [], []
    loss = loss_name(reading)
    for number, (column, mean, plain, short, pen) in enumerate(found, start=1):
        title = plain.replace("test loss", loss)
        crowd = members_of(reading, column)
        data.append(thin(crowd, pen, panel=number))
        heights = [*(curve.values for curve in crowd), np.zeros(1)]
        if mean and has_curve(reading, mean):
            curve = curve_of(reading, mean)
            heights += [np.minimum(curve.high, 1.0) if column == "accuracy" else curve.high]
            data += line(curve, f"mean {title.rpartition(' (')[0]}", pen, panel=number)
        span = spread(*heights, pad=0.04)
        if mean and has_curve(reading, mean):
            notes += label_ends([(short, float(curve.values[-1]), pen.colour)], span, number)
        spans.append(span)
        axes.append(axis(title, range=list(span)))
    return Figure(
        key="training",
        title="Loss and accuracy of the members",
        caption=(
            "Thin: single trainings; thick: their mean with its 95 % band over the outermost clusters. The training "
            f"loss is the mean over the steps since the previous record; {loss} and accuracy are on the probe."
        ),
        data=[*data, *step_heads(reading, *spans)],
        layout=layout(*axes, x=x_axis(reading), right=70, annotations=notes),
        panels=len(axes),
    )
