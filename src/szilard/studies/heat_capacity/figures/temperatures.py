"""Temperatures of the layers against the batch size."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import layout
from szilard.page.logarithmic import between, ends, logarithmic, range_of
from szilard.page.style import Figure
from szilard.studies.heat_capacity.evidence import HeatEvidence
from szilard.studies.heat_capacity.page.style import COLOURS, marks


def figure(evidence: HeatEvidence) -> Figure:
    """The model at its first rate."""
    family = evidence.families[0]
    batches = np.array([float(evidence.states[state]["batch"]) for state in family.states])
    layers = range(1, len(evidence.groups))
    data, labels, values = [], [], []
    for layer in layers:
        temperatures = [evidence.mean("temperature_kinetic", state, layer) for state in family.states]
        data.append(marks(batches, temperatures, evidence.groups[layer], layer - 1, joined=True))
        values += [each.value for each in temperatures]
        labels.append((evidence.groups[layer], temperatures[-1].value, COLOURS[(layer - 1) % len(COLOURS)]))
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
