"""Loss, test loss and accuracy of the members."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import axis, layout, spread
from szilard.page.drawing import label_ends, line, thin
from szilard.page.style import BLUE, GREEN, VERMILLION, Figure, Pen
from szilard.studies.ensemble.figures.frame import reading
from szilard.studies.ensemble.figures.view import View
from szilard.studies.ensemble.told import loss_name

PANELS = (
    ("loss", "", "training loss (as given)", "loss", Pen(VERMILLION)),
    ("cross_entropy", "cross_entropy_mean", "test loss (nat)", "mean", Pen(BLUE)),
    ("accuracy", "accuracy_mean", "accuracy (1)", "mean", Pen(GREEN)),
)


def figure(view: View) -> Figure | None:
    """A panel for each that was recorded; None for none."""
    found = [panel for panel in PANELS if view.knows_of_members(panel[0])]
    if not found:
        return None
    data, axes, notes, spans = [], [], [], []
    loss = loss_name(view.record)
    for number, (column, mean, plain, short, pen) in enumerate(found, start=1):
        title = plain.replace("test loss", loss)
        crowd = view.members(column)
        data.append(thin(crowd, pen, panel=number))
        heights = [*(curve.values for curve in crowd), np.zeros(1)]
        if mean and view.has(mean):
            curve = view.curve(mean)
            heights += [np.minimum(curve.high, 1.0) if column == "accuracy" else curve.high]
            data += line(curve, f"mean {title.rpartition(' (')[0]}", pen, panel=number)
        span = spread(*heights, pad=0.04)
        if mean and view.has(mean):
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
        data=[*data, *reading(view, *spans)],
        layout=layout(*axes, x=view.x_axis(), right=70, annotations=notes),
        panels=len(axes),
    )
