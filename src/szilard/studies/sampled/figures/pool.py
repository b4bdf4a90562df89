"""The samples in use: how many are effective, and when fresh ones were drawn."""

from __future__ import annotations

from szilard.page.plot import Plot
from szilard.page.style import BLUE, ORANGE, Figure, Pen
from szilard.studies.kits.watched.curves import curve
from szilard.studies.sampled.reading import SampledReading

WEIGHTED = (
    "The reference population is weighted along the training and resampled where fewer than half of its weights count."
)
DRAWN = (
    "One set of samples serves many steps by its weights; where fewer than half of them count (judged by others, which "
    "measure nothing) fresh ones are drawn. Below: how many the whole run took from the model."
)


def figure(reading: SampledReading) -> Figure | None:
    """The effective share, and below it what was drawn or resampled; None where it was not recorded."""
    if not reading.whole or not reading.has("effective_sample_size"):
        return None
    energetic = reading.capability == "energetic"
    plot = Plot(right=16)
    panel = plot.panel("effective share (1)", span=(0, 1.08))
    panel.line(curve(reading, "effective_sample_size"), "effective samples over samples", Pen(BLUE, width=1.6))
    panel.rule(0.5, "resampled below a half" if energetic else "fresh samples below a half")
    column, words = ("resamplings", "resamplings") if energetic else ("samples_drawn", "samples drawn")
    if reading.has(column):
        below = plot.panel(f"{words} (1)", from_zero=True)
        below.line(curve(reading, column), words, Pen(ORANGE, "dash", 1.8), stairs=True)
    return plot.figure("pool", "Samples in use", WEIGHTED if energetic else DRAWN)
