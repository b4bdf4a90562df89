"""Loss against temperature: the states of the model, and the slope of equipartition."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import axis, layout, spread
from szilard.page.style import Figure
from szilard.studies.heat_capacity.figures.marks import COLOURS, marks
from szilard.studies.heat_capacity.reading import HeatCapacityReading
from szilard.verdicts.bounds import LEVEL

CROWDED = 0.15
"""Share of the hottest temperature below which states are not named."""
FAR = 0.7
"""Share of it beyond which a name has no room at the right."""
_ABOVE = {"xanchor": "right", "xshift": -10, "yanchor": "bottom", "yshift": 4}
_BELOW = {"xanchor": "left", "xshift": 10, "yanchor": "top", "yshift": -4}
"""Of its point; neighbouring rates take different sides, since halved rates and batches meet at one temperature."""


def figure(reading: HeatCapacityReading) -> Figure:
    """The model at each of its rates; temperatures in a power of ten of a nat."""
    data, notes, everything = [], [], []
    states = [state for family in reading.rates for state in family.states]
    hottest = max(reading.mean("temperature_kinetic", state).value for state in states)
    unit = 10.0 ** np.floor(np.log10(hottest))
    for place, family in enumerate(reading.rates):
        temperatures = np.array([reading.mean("temperature_kinetic", state).value for state in family.states]) / unit
        energies = [reading.mean("energy", state) for state in family.states]
        name = f"r = {family.rate:g}"
        colour = COLOURS[place % len(COLOURS)]
        data.append(marks(temperatures, energies, name, place, hover="U = %{y:.5g} ± %{customdata:.1g}"))
        everything += [bound for each in energies for bound in each.interval(LEVEL)]
        line = reading.line(family)
        if line is not None:
            ends = np.array([0.0, temperatures.max()])
            half = reading.size(family.states[0]) / 2
            fitted = line.ground.value + line.capacity.value * unit * ends
            ideal = line.ground.value + half * unit * ends
            data.append(_line(ends, fitted, f"{name}: dU/dT = {line.capacity.value:,.0f}", colour, "solid"))
            data.append(_line(ends, ideal, f"{name}: d/2 = {half:,.0f}", colour, "dot"))
            everything += [*fitted, *ideal]
        for state, temperature, energy in zip(family.states, temperatures, energies, strict=True):
            if temperature < CROWDED * hottest / unit:
                continue
            text = f"|b| = {reading.states[state]['batch']}, r = {family.rate:g}"
            font = {"size": 11, "color": colour}
            side = _ABOVE if place % 2 == 0 or temperature > FAR * hottest / unit else _BELOW
            notes.append({"text": text, "x": temperature, "y": energy.value, **side, "showarrow": False, "font": font})
    power = int(np.log10(unit))
    return Figure(
        key="energy",
        title="The loss answers to temperature",
        caption=(
            "The mean loss U over the training set (weight decay included) of stationary training, against the "
            "kinetic temperature T = r⟨‖g_B‖²⟩/2d of its gradients. Solid: fitted, the slope is the heat "
            "capacity; dotted: ½ for each parameter, the slope of equipartition. Bars: 95 % over trainings."
        ),
        data=data,
        layout=layout(
            axis("mean loss U (nat)", range=list(spread(everything))),
            x=axis(f"temperature T (1e{power} nat per parameter)",
                   range=[0, 1.08 * hottest / unit]),
            right=24,
            annotations=notes,
            showlegend=True,
            hovermode="closest",
            legend={"x": 0.98, "xanchor": "right", "y": 0.04, "yanchor": "bottom", "bgcolor": "rgba(255,255,255,0.8)"},
        ),
        along_steps=False,
        wide=True,
    )  # fmt: skip


def _line(x: np.ndarray, y: np.ndarray, name: str, colour: str, dash: str) -> dict[str, object]:
    return {"type": "scatter", "mode": "lines", "x": x, "y": y, "name": name, "hoverinfo": "skip",
            "line": {"color": colour, "dash": dash, "width": 1.8}, "showlegend": True}  # fmt: skip
