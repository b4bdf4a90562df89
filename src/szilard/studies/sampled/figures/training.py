"""The training's own numbers: loss and learning rate."""

from __future__ import annotations

from szilard.page.plot import Plot
from szilard.page.style import ORANGE, VERMILLION, Figure, Pen
from szilard.studies.kits.watched.curves import curve
from szilard.studies.sampled.reading import SampledReading


def figure(reading: SampledReading) -> Figure | None:
    """The loss, and below it the learning rate where that changes; None without a loss."""
    if not reading.whole or not reading.has("loss"):
        return None
    plot = Plot(right=16)
    plot.panel("training loss (as given)").line(curve(reading, "loss"), "training loss", Pen(VERMILLION))
    if reading.has("learning_rate") and len(set(reading.column("learning_rate").tolist())) > 1:
        below = plot.panel("learning rate (1)", from_zero=True)
        below.line(curve(reading, "learning_rate"), "learning rate", Pen(ORANGE, "dot"))
    needs_not = "; of an energy it need not fall while the model learns" if reading.capability == "energetic" else ""
    return plot.figure(
        "training",
        "The loss beside it",
        f"What the optimiser saw, over the same steps{needs_not}. Band: 95 %, over the steps since the previous "
        "record.",
    )
