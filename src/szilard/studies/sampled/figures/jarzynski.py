"""The Jarzynski average over the lagging chains, and how many of them carry it."""

from __future__ import annotations

from szilard.page.plot import Plot
from szilard.page.style import ORANGE, PURPLE, Figure, Pen
from szilard.studies.kits.watched.curves import curve
from szilard.studies.sampled.reading import SampledReading


def figure(reading: SampledReading) -> Figure | None:
    """The average about 1, and below it the effective chains; None where it was not recorded."""
    if not reading.whole or not reading.has("jarzynski"):
        return None
    plot = Plot(right=16)
    panel = plot.panel("⟨e^−(W−ΔF)⟩ (1)")
    panel.line(curve(reading, "jarzynski"), "Jarzynski average", Pen(PURPLE, width=1.6))
    panel.rule(1.0)
    if reading.has("jarzynski_effective_samples"):
        effective = curve(reading, "jarzynski_effective_samples")
        below = plot.panel("effective chains (1)", log=bool((effective.values > 0).all()))
        below.line(effective, "effective chains", Pen(ORANGE, "dash"))
    return plot.figure(
        "jarzynski",
        "The Jarzynski average",
        "Over the chains since the first record, with the reference population's ΔF: 1 in expectation however far "
        "the chains lag. Where few chains carry it (below) it says nothing, for the ones that would matter were "
        "never seen. Band: 95 %.",
    )
