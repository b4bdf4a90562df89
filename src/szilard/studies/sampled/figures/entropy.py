"""Entropy of the model's own samples along the training; of an energy without ln Z, the mean energy."""

from __future__ import annotations

from szilard.page.plot import Plot
from szilard.page.style import BLACK, GREEN, PURPLE, Figure, Pen
from szilard.studies.sampled.figures.marks import banded, range_of
from szilard.studies.sampled.reading import SampledReading

WHAT = {
    "sequential": "how surprised the model is by text of its own, 0 when it always says the same",
    "tractable": "lower where the model is more certain; of continuous X it may be negative",
    "bounded": "between an upper and a lower bound, both from samples of the model",
    "energetic": "of the model's samples, as an ideal sampler would draw them",
}


def figure(reading: SampledReading) -> Figure | None:
    """The entropy, with what it is to be compared with; None where neither entropy nor energy was recorded."""
    entropic = reading.has("entropy_conditional")
    column = "entropy_conditional" if entropic else "energy"
    if not reading.whole or not reading.has(column):
        return None
    name = "entropy S(X|θ)" if entropic else "mean energy ⟨E⟩"
    shown = [(column, name, Pen(GREEN), "S(X|θ)" if entropic else "ideal")]
    if not entropic and reading.has("energy_lagged"):
        shown.append(("energy_lagged", "of the lagging chains", Pen(PURPLE, "dash"), "lagging"))
    if reading.has("cross_entropy"):
        shown.append(("cross_entropy", "cross-entropy on given text", Pen(BLACK, "dash"), "given"))
    several = len(shown) > 1
    plot = Plot(right=66 if several else 16)
    panel = plot.panel(f"{name} ({reading.per})", span=range_of(reading, [each[0] for each in shown]))
    for each, said, pen, end in shown:
        banded(panel, reading, each, said, pen, end=end if several else "")
    return plot.figure(
        "entropy",
        "How much the model leaves open" if entropic else "The mean energy",
        f"{name[:1].upper()}{name[1:]}: {WHAT.get(reading.capability, '')}. A function of state: neither the "
        "way nor how often one looks matters to it. Bands: 95 %.",
    )
