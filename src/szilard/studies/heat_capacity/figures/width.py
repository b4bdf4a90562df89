"""Against the number of parameters: the capacity grows, and the temperature falls with it."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import Axis, positive, widened
from szilard.page.plot import Plot
from szilard.page.style import Figure
from szilard.studies.heat_capacity.figures.marks import IDEAL, look
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
    across = Axis("parameters d", log=True, span=widened(sizes[0], sizes[-1], 1.15), at=sizes,
                  called=[f"{size:,.0f}" for size in sizes])  # fmt: skip
    plot = Plot(across, right=44)
    for place, (words, title, estimates, ideal, law) in enumerate((
        ("capacity", "heat capacity dU/dT", capacity, sizes / 2, "d/2"),
        ("temperature", "temperature T (nat)", temperature, temperature[0].value * sizes[0] / sizes, "1/d"),
        ("their product", "heat held C T (nat)", held, None, ""),
    )):  # fmt: skip
        top = 1.3 * max(each.interval(LEVEL)[1] for each in estimates)
        values = [each.value for each in estimates]
        span = (0, top) if ideal is None else widened(*positive(values, ideal), pad=1.6)
        panel = plot.panel(title, log=ideal is not None, span=span)
        panel.estimates(sizes, estimates, title, *look(place), joined=True)
        if ideal is not None:
            panel.reference(sizes, ideal, law, IDEAL, end=law)
        panel.heading(words, below=place == 1)
    return plot.figure(
        "width",
        "A larger reservoir: capacity, temperature and heat",
        f"Against the number of parameters d, at r = {families[0].rate:g}; temperature and heat at |b| = {batch}. "
        "Dotted: d/2, the capacity of equipartition, and 1/d, the temperature where the same noise is shared among "
        "more parameters; were both so, what the reservoir holds would not change. Bars: 95 % over trainings.",
        wide=True,
    )
