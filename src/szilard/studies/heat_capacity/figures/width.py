"""Against the number of parameters: the capacity grows, and the temperature falls with it."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import axis, layout
from szilard.page.logarithmic import between, ends, heading, logarithmic, range_of
from szilard.page.style import Figure
from szilard.studies.heat_capacity.figures.marks import marks
from szilard.studies.heat_capacity.reading import HeatCapacityReading, over_members
from szilard.verdicts.bounds import LEVEL


def figure(reading: HeatCapacityReading) -> Figure | None:
    """None where there is one width only."""
    families = reading.widths
    if len(families) < 2:
        return None
    sizes = np.array([float(reading.size(family.states[0])) for family in families])
    slopes = [reading.slopes(family) for family in families]
    temperatures = [reading.of_members("temperature_kinetic")[family.states[0]] for family in families]
    capacity = [over_members(each) for each in slopes]
    temperature = [over_members(each) for each in temperatures]
    held = [over_members(slope * each) for slope, each in zip(slopes, temperatures, strict=True)]
    batch = reading.states[families[0].states[0]]["batch"]
    data, axes, notes = [], [], []
    panels = (
        ("heat capacity dU/dT", capacity, sizes / 2, "d/2"),
        ("temperature T (nat)", temperature, temperature[0].value * sizes[0] / sizes, "1/d"),
        ("heat held C T (nat)", held, None, ""),
    )
    for panel, (title, estimates, reference, text) in enumerate(panels, start=1):
        values = [each.value for each in estimates]
        low, high = between(*range_of(values, [] if reference is None else reference), pad=1.6)
        data.append(marks(sizes, estimates, title, panel - 1, panel=panel, joined=True))
        if reference is not None:
            data.append({"type": "scatter", "mode": "lines", "x": sizes, "y": reference, "name": text,
                         "yaxis": "y" if panel == 1 else f"y{panel}", "showlegend": False,
                         "line": {"color": "#6B7280", "dash": "dot", "width": 1.4}})  # fmt: skip
            notes += ends([(text, float(reference[-1]), "#4B5563")], low, high, panel)
        top = 1.3 * max(each.interval(LEVEL)[1] for each in estimates)
        axes.append(logarithmic(title, low, high) if reference is not None else axis(title, range=[0, top]))
        notes.append(heading(("capacity", "temperature", "their product")[panel - 1], panel, below=panel == 2))
    return Figure(
        key="width",
        title="A larger reservoir: capacity, temperature and heat",
        caption=(
            f"Against the number of parameters d, at r = {families[0].rate:g}; temperature and heat at |b| = {batch}. "
            "Dotted: d/2, the capacity of equipartition, and 1/d, the temperature where the same noise is shared among "
            "more parameters; were both so, what the reservoir holds would not change. Bars: 95 % over trainings."
        ),
        data=data,
        layout=layout(
            *axes,
            x=logarithmic("parameters d", *between(sizes[0], sizes[-1], 1.15), tickvals=list(sizes),
                          ticktext=[f"{size:,.0f}" for size in sizes]),
            right=44,
            annotations=notes,
        ),
        along_steps=False,
        panels=3,
        wide=True,
    )  # fmt: skip
