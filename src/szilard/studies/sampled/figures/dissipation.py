"""Dissipated work of chains that lag behind the model, beside the work of an ideal sampler: what the lag costs."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import axis, layout
from szilard.page.drawing import between, label_ends, line
from szilard.page.style import BLUE, ORANGE, PURPLE, Figure, Pen
from szilard.studies.kits.watched.curves import curve
from szilard.studies.sampled.figures.marks import range_of
from szilard.studies.sampled.reading import SampledReading

IDEAL, LAGGING, SHADOW = Pen(BLUE), Pen(PURPLE, "dash"), Pen(ORANGE, "dot", 1.6)


def figure(reading: SampledReading) -> Figure | None:
    """None without lagging chains."""
    if not reading.whole or not reading.has("work", "work_dissipated"):
        return None
    ideal, lagging = curve(reading, "work"), curve(reading, "work_dissipated")
    columns = ["work", "work_dissipated"]
    data = []
    if len(ideal) == len(lagging):
        data += between(ideal.steps, ideal.values, lagging.values, LAGGING, share=0.1)
    data += line(ideal, "work W of an ideal sampler", IDEAL, unit="nat")
    data += line(lagging, "dissipated work of the lagging chains", LAGGING, unit="nat")
    ends = [("W ideal", float(ideal.values[-1]), IDEAL.colour), ("W_diss", float(lagging.values[-1]), LAGGING.colour)]
    if reading.has("work_shadow") and np.abs(reading.column("work_shadow")).max() > 0:
        shadow = curve(reading, "work_shadow")
        columns.append("work_shadow")
        data += line(shadow, "of which the kernel's own (shadow work)", SHADOW, unit="nat")
        ends.append(("shadow", float(shadow.values[-1]), SHADOW.colour))
    span = range_of(reading, columns)
    steps = reading.attributes.get("sampler_steps")
    tau = f"τ = {steps:,} sampler steps" if isinstance(steps, int) else "τ sampler steps"
    return Figure(
        key="dissipation",
        title="What a short sampler costs",
        caption=(
            f"Chains that take {tau} at each record dissipate W_diss = W_lagged − ΔF, an upper bound on their entropy "
            "production; an ideal sampler would dissipate W. The area between them is what the lag costs (or saves, "
            "where the model is only shaken and lagging chains do not follow). They train nothing. Bands: "
            "95 %, over chains and over replicates of the reference."
        ),
        data=data,
        layout=layout(axis("nat, since the first record", range=list(span)), right=66,
                      annotations=label_ends(ends, span)),
    )  # fmt: skip
