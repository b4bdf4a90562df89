"""Entropy production against sampler steps, for each number of updates."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import positive, widened
from szilard.page.curve import Curve
from szilard.page.plot import Plot
from szilard.page.style import Figure, Pen
from szilard.studies.tradeoff.figures.marks import called, colour, draw, sampler_axis
from szilard.studies.tradeoff.reading import TradeOffReading


def figure(reading: TradeOffReading) -> Figure | None:
    """None where there is but one τ."""
    if len(reading.sampler_steps) < 2:
        return None
    counts = reading.updates
    plot = Plot(sampler_axis(reading), right=64, closest=True)
    for chains in reading.kinds:
        panel, values = plot.panel("Σ (nat)", log=True), []
        for place, updates in enumerate(counts):
            family, shade = reading.family(chains, updates), colour(place, len(counts))
            taus = [state.sampler_steps for state in family]
            found = [reading.mean("ep_conditional", state) for state in family]
            fresh = np.array([reading.mean("work", state).value for state in family])
            draw(panel, taus, found, f"Σ, n = {updates}", shade, bars=False, end=f"n = {updates}")
            panel.line(Curve(np.array(taus), fresh), f"W, n = {updates}", Pen(shade, "dot", 1.6))
            values += [*fresh, *(each.value for each in found)]
        panel.span = widened(*positive(values), pad=1.6)
        panel.heading(called(chains))
    return plot.figure(
        "production",
        "A longer sampler does not bring Σ to 0",
        "Entropy production of X over the whole way, against the sampler steps after each update. Dotted: W, what "
        "samples drawn afresh after each update would dissipate on that way. Once X keeps up with the model Σ is "
        "W, however long the sampler runs; it is the number of updates that lowers both. Mean over members.",
    )
