"""Dissipated work of chains that lag behind the model, beside the work of an ideal sampler: what the lag costs."""

from __future__ import annotations

import numpy as np

from szilard.page.plot import Plot
from szilard.page.style import BLUE, ORANGE, PURPLE, Figure, Pen
from szilard.studies.kits.watched.curves import curve
from szilard.studies.sampled.figures.marks import range_of
from szilard.studies.sampled.reading import SampledReading

IDEAL, LAGGING, SHADOW = Pen(BLUE), Pen(PURPLE, "dash"), Pen(ORANGE, "dot", 1.6)


def figure(reading: SampledReading) -> Figure | None:
    """Both works with the area between them; None without lagging chains."""
    if not reading.whole or not reading.has("work", "work_dissipated"):
        return None
    ideal, lagging = curve(reading, "work"), curve(reading, "work_dissipated")
    columns = ["work", "work_dissipated"]
    plot = Plot(right=66)
    panel = plot.panel("nat, since the first record")
    if len(ideal) == len(lagging):
        panel.between(ideal.steps, ideal.values, lagging.values, LAGGING, share=0.1)
    panel.line(ideal, "work W of an ideal sampler", IDEAL, unit="nat", end="W ideal")
    panel.line(lagging, "dissipated work of the lagging chains", LAGGING, unit="nat", end="W_diss")
    if reading.has("work_shadow") and np.abs(reading.column("work_shadow")).max() > 0:
        columns.append("work_shadow")
        shadow = curve(reading, "work_shadow")
        panel.line(shadow, "of which the kernel's own (shadow work)", SHADOW, unit="nat", end="shadow")
    panel.span = range_of(reading, columns)
    steps = reading.sampler_steps
    tau = "τ sampler steps" if steps is None else f"τ = {steps:,} sampler steps"
    return plot.figure(
        "dissipation",
        "What a short sampler costs",
        f"Chains that take {tau} at each record dissipate W_diss = W_lagged − ΔF, an upper bound on their entropy "
        "production; an ideal sampler would dissipate W. The area between them is what the lag costs (or saves, "
        "where the model is only shaken and lagging chains do not follow). They train nothing. Bands: "
        "95 %, over chains and over replicates of the reference.",
    )
