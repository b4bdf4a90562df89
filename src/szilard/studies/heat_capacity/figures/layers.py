"""Equipartition layer by layer: the energy of its fluctuations against ½ for each of its parameters."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import layout
from szilard.page.logarithmic import between, logarithmic, range_of
from szilard.page.style import Figure
from szilard.studies.heat_capacity.figures.marks import marks
from szilard.studies.heat_capacity.reading import HeatCapacityReading


def figure(reading: HeatCapacityReading) -> Figure | None:
    """None where there is one layer only."""
    layers = range(1, len(reading.groups))
    if len(layers) < 2:
        return None
    family = reading.families[0]
    data, values = [], []
    for layer in layers:
        half = np.array([reading.size(state, layer) / 2 for state in family.states])
        ideal = half * np.array([reading.mean("temperature_kinetic", state, layer).value for state in family.states])
        energies = [reading.mean("virial", state, layer) for state in family.states]
        data.append({**marks(ideal, energies, reading.groups[layer], layer - 1), "showlegend": True})
        values += [*ideal, *(each.value for each in energies)]
    low, high = between(*range_of(values))
    data.append({"type": "scatter", "mode": "lines", "x": [low, high], "y": [low, high], "name": "equal",
                 "line": {"color": "#6B7280", "dash": "dot", "width": 1.4}, "hoverinfo": "skip",
                 "showlegend": True})  # fmt: skip
    return Figure(
        key="layers",
        title="Equipartition, layer by layer",
        caption=(
            f"At {reading.where(family)}: the energy of each layer's fluctuations, ½⟨(θ − θ̄)·∇U⟩, against ½ d T with "
            "the layer's own temperature. On the dotted line each parameter holds its half. It follows from "
            "stationarity alone, and is no evidence of equilibrium. Bars: 95 %."
        ),
        data=data,
        layout=layout(
            logarithmic("energy of the fluctuations (nat)", low, high),
            x=logarithmic("½ d T (nat)", low, high),
            right=24,
            showlegend=True,
            hovermode="closest",
            legend={"x": 0.02, "y": 0.98, "yanchor": "top", "bgcolor": "rgba(255,255,255,0.8)"},
        ),
        along_steps=False,
    )
