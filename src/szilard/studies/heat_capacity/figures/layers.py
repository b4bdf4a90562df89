"""Equipartition layer by layer: the energy of its fluctuations against ½ for each of its parameters."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import Axis, positive, widened
from szilard.page.plot import Plot
from szilard.page.style import Figure
from szilard.studies.heat_capacity.figures.marks import IDEAL, look
from szilard.studies.heat_capacity.reading import HeatCapacityReading


def figure(reading: HeatCapacityReading) -> Figure | None:
    """None where there is one layer only."""
    layers = range(1, len(reading.groups))
    if len(layers) < 2:
        return None
    family = reading.families[0]
    drawn, values = [], []
    for layer in layers:
        half = np.array([reading.size(state, layer) / 2 for state in family.states])
        ideal = half * np.array([reading.mean("temperature_kinetic", state, layer).value for state in family.states])
        energies = [reading.mean("virial", state, layer) for state in family.states]
        drawn.append((ideal, energies, reading.groups[layer], *look(layer - 1)))
        values += [*ideal, *(each.value for each in energies)]
    span = widened(*positive(values))
    plot = Plot(Axis("½ d T (nat)", log=True, span=span), right=24, legend="top left", closest=True)
    panel = plot.panel("energy of the fluctuations (nat)", log=True, span=span)
    for each in drawn:
        panel.estimates(*each, legend=True)
    panel.reference(span, span, "equal", IDEAL, legend=True)
    return plot.figure(
        "layers",
        "Equipartition, layer by layer",
        f"At {reading.where(family)}: the energy of each layer's fluctuations, ½⟨(θ − θ̄)·∇U⟩, against ½ d T with "
        "the layer's own temperature. On the dotted line each parameter holds its half. It follows from "
        "stationarity alone, and is no evidence of equilibrium. Bars: 95 %.",
    )
