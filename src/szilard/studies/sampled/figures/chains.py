"""The sampler's health: acceptance, autocorrelation and detailed balance along the training."""

from __future__ import annotations

from dataclasses import replace

from szilard.page.axes import STEPS
from szilard.page.plot import Plot
from szilard.page.style import BLACK, BLUE, GREEN, Figure, Pen
from szilard.studies.kits.watched.curves import curve
from szilard.studies.sampled.figures.marks import over_one_another, side_by_side
from szilard.studies.sampled.reading import SampledReading

PANELS = (
    ("acceptance", "acceptance (1)", "proposals accepted", Pen(BLUE)),
    ("autocorrelation_time", "autocorrelation time (sampler steps)", "memory", Pen(GREEN)),
    ("detailed_balance", "asymmetry in time (1)", "detailed balance: 0", Pen(BLACK, width=1.6)),
)
"""Column, title, heading and pen."""


def figure(reading: SampledReading) -> Figure | None:
    """A panel for each that was recorded; None where the record has no sampler."""
    shown = [each for each in PANELS if reading.has(each[0])]
    if not reading.whole or not shown or reading.capability != "energetic":
        return None
    plot = Plot(right=12, closest=True, places=side_by_side([1] * len(shown)))
    for column, title, heading, pen in shown:
        x = replace(STEPS, from_zero=False, most=5)
        panel = plot.panel(title, x, from_zero=column != "detailed_balance")
        panel.line(curve(reading, column), heading, pen)
        panel.heading(heading)
        if column == "autocorrelation_time" and reading.sampler_steps is not None:
            panel.rule(reading.sampler_steps, f"τ = {reading.sampler_steps:,}", right=True, inset=0.02)
        if column == "detailed_balance":
            panel.rule(0.0)
    return plot.figure(
        "chains",
        "The sampler",
        "Acceptance of its proposals; integrated autocorrelation time of the energy, beside the τ steps that the "
        "chains get at each record; asymmetry in time of pairs of states a relaxation apart, 0 in detailed balance "
        "(Eq. 20). Bands: 95 %.",
        panels=1,
        wide=True,
        tall=300,
        narrow=plot.layout(over_one_another(len(shown))),
        narrow_tall=250 * len(shown),
    )
