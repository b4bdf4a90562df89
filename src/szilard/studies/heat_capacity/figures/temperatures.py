"""Temperatures of the layers against the batch size."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import Axis, positive, widened
from szilard.page.plot import Plot
from szilard.page.style import PALE, Figure, Pen
from szilard.studies.heat_capacity.figures.marks import look
from szilard.studies.heat_capacity.reading import HeatCapacityReading


def figure(reading: HeatCapacityReading) -> Figure:
    """The model at its first rate."""
    family = reading.families[0]
    batches = np.array([float(reading.states[state]["batch"]) for state in family.states])
    across = Axis("batch size |b|", log=True, span=widened(batches[0], batches[-1], 1.1), at=batches,
                  called=[f"{batch:.0f}" for batch in batches])  # fmt: skip
    plot = Plot(across, right=72)
    panel = plot.panel("temperature (nat per parameter)", log=True)
    values = []
    for layer, name in enumerate(reading.groups[1:], start=1):
        temperatures = [reading.mean("temperature_kinetic", state, layer) for state in family.states]
        panel.estimates(batches, temperatures, name, *look(layer - 1), joined=True, end=name)
        values += [each.value for each in temperatures]
    panel.span = widened(*positive(values))
    panel.reference(batches, values[0] * batches[0] / batches, "1/|b|", Pen(PALE, "dot", 1.4))
    return plot.figure(
        "temperatures",
        "One temperature?",
        "The kinetic temperature of each layer against the batch size, in stationary training. Dotted: 1/|b|, at "
        "the height of the first layer. Bars: 95 %.",
    )
