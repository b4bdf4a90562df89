"""Loss, cross-entropy and accuracy beside the ledger's step axis."""

from __future__ import annotations

from szilard.page.axes import axis, layout, spread
from szilard.page.drawing import label_ends, line
from szilard.page.style import BLACK, BLUE, GREEN, ORANGE, VERMILLION, Figure, Pen
from szilard.studies.kits.watched.curves import curve
from szilard.studies.single.reading import SingleReading

PANELS = (
    ("loss", "training loss (as given)", "training loss", Pen(VERMILLION), ""),
    ("cross_entropy", "cross-entropy (nat)", "cross-entropy on the probe", Pen(BLUE), "nat"),
    ("accuracy", "accuracy (1)", "accuracy on the probe", Pen(GREEN), ""),
)


def figure(reading: SingleReading) -> Figure | None:
    """A panel for each that was recorded; None for none, or without two records."""
    found = [panel for panel in PANELS if reading.has(panel[0])]
    if not found or reading.records < 2:
        return None
    data, axes, names = [], [], []
    for number, (column, title, name, pen, unit) in enumerate(found, start=1):
        data += line(curve(reading, column), name, pen, unit=unit, panel=number)
        if column != "cross_entropy":
            axes.append(axis(title, rangemode="tozero"))
            continue
        predicted, actual = curve(reading, "entropy_conditional"), curve(reading, column)
        data += line(predicted, "entropy of predictions", Pen(BLACK, "dash"), unit=unit, panel=number)
        span = (0.0, spread(predicted.values, actual.values)[1])
        axes.append(axis(title, range=list(span)))
        ends = [("expected", float(predicted.values[-1]), BLACK), ("actual", float(actual.values[-1]), pen.colour)]
        names += label_ends(ends, span, panel=number)
    if reading.has("learning_rate") and len(set(reading.column("learning_rate").tolist())) > 1:
        found.append(("learning_rate", "", "", Pen(ORANGE), ""))
        data += line(curve(reading, "learning_rate"), "learning rate", Pen(ORANGE, "dot"), panel=len(found))
        axes.append(axis("learning rate (1)", rangemode="tozero"))
    said = "The training's own numbers over the same steps. "
    if reading.has("cross_entropy"):
        said += (
            "The cross-entropy that the model expects is the entropy of its predictions (dashed); where the actual one "
            "lies above, the model is overconfident. "
        )
    return Figure(
        key="training",
        title="Loss and accuracy beside it",
        caption=said + "Bands: 95 %; of the loss over the steps since the previous record, else over probe inputs.",
        data=data,
        layout=layout(*axes, right=70, annotations=names),
        panels=len(axes),
        wide=True,
    )
