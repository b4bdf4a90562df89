"""Loss against temperature: the states of the model, and the slope of equipartition."""

from __future__ import annotations

from typing import Any

import numpy as np

from szilard.page.axes import Axis, spread
from szilard.page.plot import Plot
from szilard.page.style import Figure, Pen
from szilard.studies.heat_capacity.figures.marks import look
from szilard.studies.heat_capacity.reading import HeatCapacityReading
from szilard.verdicts.bounds import LEVEL

CROWDED = 0.15
"""Share of the hottest temperature below which states are not named."""
FAR = 0.7
"""Share of it beyond which a name has no room at the right."""
ABOVE: dict[str, Any] = {"side": "left", "level": "above", "shift": (-10, 4)}
BELOW: dict[str, Any] = {"side": "right", "level": "below", "shift": (10, -4)}
"""Of its point; neighbouring rates take different sides, since halved rates and batches meet at one temperature."""


def figure(reading: HeatCapacityReading) -> Figure:
    """The model at each of its rates; temperatures in a power of ten of a nat."""
    hottest = max(reading.mean("temperature_kinetic", state).value for each in reading.rates for state in each.states)
    unit = 10.0 ** np.floor(np.log10(hottest))
    title = f"temperature T (1e{int(np.log10(unit))} nat per parameter)"
    plot = Plot(Axis(title, span=(0, 1.08 * hottest / unit)), right=24, legend="bottom right", closest=True)
    panel = plot.panel("mean loss U (nat)")
    everything = []
    for place, family in enumerate(reading.rates):
        temperatures = np.array([reading.mean("temperature_kinetic", state).value for state in family.states]) / unit
        energies = [reading.mean("energy", state) for state in family.states]
        name, (pen, symbol) = f"r = {family.rate:g}", look(place)
        panel.estimates(temperatures, energies, name, pen, symbol, digits=5)
        everything += [bound for each in energies for bound in each.interval(LEVEL)]
        line = reading.line(family)
        if line is not None:
            ends = np.array([0.0, temperatures.max()])
            half = reading.size(family.states[0]) / 2
            fitted, ideal = (line.ground.value + slope * unit * ends for slope in (line.capacity.value, half))
            fit = Pen(pen.colour, width=1.8)
            panel.reference(ends, fitted, f"{name}: dU/dT = {line.capacity.value:,.0f}", fit, legend=True)
            panel.reference(ends, ideal, f"{name}: d/2 = {half:,.0f}", Pen(pen.colour, "dot", 1.8), legend=True)
            everything += [*fitted, *ideal]
        for state, temperature, energy in zip(family.states, temperatures, energies, strict=True):
            if temperature < CROWDED * hottest / unit:
                continue
            text = f"|b| = {reading.states[state]['batch']}, r = {family.rate:g}"
            side = ABOVE if place % 2 == 0 or temperature > FAR * hottest / unit else BELOW
            panel.note(text, temperature, energy.value, pen.colour, size=11, **side)
    panel.span = spread(everything)
    return plot.figure(
        "energy",
        "The loss answers to temperature",
        "The mean loss U over the training set (weight decay included) of stationary training, against the "
        "kinetic temperature T = r⟨‖g_B‖²⟩/2d of its gradients. Solid: fitted, the slope is the heat "
        "capacity; dotted: ½ for each parameter, the slope of equipartition. Bars: 95 % over trainings.",
        wide=True,
    )
