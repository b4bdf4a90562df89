"""The sampler's health: acceptance, autocorrelation and detailed balance along the training."""

from __future__ import annotations

from typing import Any

from szilard.page.axes import axis
from szilard.page.drawing import line
from szilard.page.style import BLACK, BLUE, GREEN, Figure, Pen
from szilard.studies.kits.watched.curves import curve
from szilard.studies.sampled.figures.marks import beside, head, level, on_panel
from szilard.studies.sampled.reading import SampledReading

PANELS = (
    ("acceptance", "acceptance (1)", "proposals accepted", Pen(BLUE)),
    ("autocorrelation_time", "autocorrelation time (sampler steps)", "memory", Pen(GREEN)),
    ("detailed_balance", "asymmetry in time (1)", "detailed balance: 0", Pen(BLACK, width=1.6)),
)
"""Column, title, heading and pen."""


def figure(reading: SampledReading) -> Figure | None:
    """None where the record has no sampler."""
    shown = [each for each in PANELS if reading.has(each[0])]
    if not reading.whole or not shown or reading.capability != "energetic":
        return None
    data: list[dict[str, Any]] = []
    panels, shapes, notes = [], [], []
    tau = reading.attributes.get("sampler_steps")
    for panel, (column, title, heading, pen) in enumerate(shown, start=1):
        data += [on_panel(trace, panel) for trace in line(curve(reading, column), heading, pen)]
        zero = {} if column == "detailed_balance" else {"rangemode": "tozero"}
        panels.append((axis("training step", tickformat=",d", nticks=5), axis(title, **zero)))
        notes.append(head(heading, panel))
        if column == "autocorrelation_time" and isinstance(tau, int):
            shape, note = level(float(tau), f"τ = {tau:,}", panel, right=True)
            shapes.append(shape)
            notes.append(note)
        if column == "detailed_balance":
            shapes.append(level(0.0, "", panel)[0])
    wide, narrow = beside(panels, [1] * len(panels), shapes=shapes, annotations=notes)
    return Figure(
        key="chains",
        title="The sampler",
        caption=(
            "Acceptance of its proposals; integrated autocorrelation time of the energy, beside the τ steps that the "
            "chains get at each record; asymmetry in time of pairs of states a relaxation apart, 0 in detailed balance "
            "(Eq. 20). Bands: 95 %."
        ),
        data=data,
        layout=wide,
        along_steps=False,
        wide=True,
        tall=300,
        narrow=narrow,
        narrow_tall=250 * len(panels),
    )
