"""Temperatures of the layers against the batch size."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import layout
from szilard.page.logarithmic import between, ends, logarithmic, range_of
from szilard.page.style import Figure
from szilard.studies.heat_capacity.figures.marks import COLOURS, marks
from szilard.studies.heat_capacity.reading import HeatCapacityReading


def figure(reading: HeatCapacityReading) -> Figure:
    """The model at its first rate."""
    family = reading.families[0]
    batches = np.array([float(reading.states[state]["batch"]) for state in family.states])
    layers = range(1, len(reading.groups))
    data, labels, values = [], [], []
    for layer in layers:
        temperatures = [reading.mean("temperature_kinetic", state, layer) for state in family.states]
        data.append(marks(batches, temperatures, reading.groups[layer], layer - 1, joined=True))
        values += [each.value for each in temperatures]
        labels.append((reading.groups[layer], temperatures[-1].value, COLOURS[(layer - 1) % len(COLOURS)]))
    low, high = between(*range_of(values))
    reference = values[0] * batches[0] / batches
    data.append({"type": "scatter", "mode": "lines", "x": batches, "y": reference, "name": "1/|b|",
                 "line": {"color": "#9AA1AB", "dash": "dot", "width": 1.4}, "showlegend": False})  # fmt: skip
    return Figure(
        key="temperatures",
        title="One temperature?",
        caption=(
            "The kinetic temperature of each layer against the batch size, in stationary training. Dotted: 1/|b|, at "
            "the height of the first layer. Bars: 95 %."
        ),
        data=data,
        layout=layout(
            logarithmic("temperature (nat per parameter)", low, high),
            x=logarithmic("batch size |b|", *between(batches[0], batches[-1], 1.1), tickvals=list(batches),
                          ticktext=[f"{batch:.0f}" for batch in batches]),
            right=72,
            annotations=ends(labels, low, high),
        ),
        along_steps=False,
    )  # fmt: skip
