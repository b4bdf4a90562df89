"""Loss, cross-entropy and accuracy beside the ledger's step axis."""

from __future__ import annotations

from szilard.page.axes import spread
from szilard.page.plot import Plot
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
    plot = Plot()
    for column, title, name, pen, unit in found:
        actual = curve(reading, column)
        if column != "cross_entropy":
            plot.panel(title, from_zero=True).line(actual, name, pen, unit=unit)
            continue
        predicted = curve(reading, "entropy_conditional")
        panel = plot.panel(title, span=(0.0, spread(predicted.values, actual.values)[1]))
        panel.line(actual, name, pen, unit=unit, end="actual")
        panel.line(predicted, "entropy of predictions", Pen(BLACK, "dash"), unit=unit, end="expected")
    if reading.has("learning_rate") and len(set(reading.column("learning_rate").tolist())) > 1:
        panel = plot.panel("learning rate (1)", from_zero=True)
        panel.line(curve(reading, "learning_rate"), "learning rate", Pen(ORANGE, "dot"))
    said = "The training's own numbers over the same steps. "
    if reading.has("cross_entropy"):
        said += (
            "The cross-entropy that the model expects is the entropy of its predictions (dashed); where the actual one "
            "lies above, the model is overconfident. "
        )
    return plot.figure(
        "training",
        "Loss and accuracy beside it",
        said + "Bands: 95 %; of the loss over the steps since the previous record, else over probe inputs.",
        wide=True,
    )
