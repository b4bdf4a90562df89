"""The figures of a heat capacity: the loss, the layers and the width against temperature."""

from __future__ import annotations

from typing import Any

import numpy as np

from szilard.numbers import ten_to
from szilard.page.axes import Axis, positive, spread, widened
from szilard.page.marks import JOINED
from szilard.page.plot import Plot
from szilard.page.style import BLUE, GREEN, GREY, ORANGE, PALE, PURPLE, VERMILLION, Figure, Pen
from szilard.studies.heat_capacity.reading import HeatCapacityReading, over_members
from szilard.verdicts.bounds import LEVEL

LOOKS = (
    (Pen(BLUE, width=JOINED), "circle"),
    (Pen(VERMILLION, width=JOINED), "square"),
    (Pen(GREEN, width=JOINED), "diamond"),
    (Pen(PURPLE, width=JOINED), "triangle-up"),
    (Pen(ORANGE, width=JOINED), "cross"),
)
IDEAL = Pen(GREY, "dot", 1.4)
"""What equipartition would give."""


def look(place: int) -> tuple[Pen, str]:
    """Pen and symbol of a rate, a layer or a panel, by its place."""
    return LOOKS[place % len(LOOKS)]


CROWDED = 0.15
"""Share of the hottest temperature below which states are not named."""
FAR = 0.7
"""Share of it beyond which a name has no room at the right."""
ABOVE: dict[str, Any] = {"side": "left", "level": "above", "shift": (-10, 4)}
BELOW: dict[str, Any] = {"side": "right", "level": "below", "shift": (10, -4)}
"""Of its point; neighbouring rates take different sides, since halved rates and batches meet at one temperature."""


def energy(reading: HeatCapacityReading) -> Figure:
    """Loss against temperature: the states of the model, and the slope of equipartition.

    The model at each of its rates; temperatures in a power of ten of a nat.
    """
    hottest = max(reading.mean("temperature_kinetic", state).value for each in reading.rates for state in each.states)
    unit = 10.0 ** np.floor(np.log10(hottest))
    title = f"temperature T ({ten_to(int(np.log10(unit)))} nat per parameter)"
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


def layers(reading: HeatCapacityReading) -> Figure | None:
    """Equipartition layer by layer: the energy of its fluctuations against ½ for each of its parameters.

    None where there is one layer only.
    """
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


def temperatures(reading: HeatCapacityReading) -> Figure:
    """Temperatures of the layers against the batch size.

    The model at its first rate.
    """
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


def width(reading: HeatCapacityReading) -> Figure | None:
    """Against the number of parameters: the capacity grows, and the temperature falls with it.

    None where there is one width only.
    """
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


LEADING = energy
FIGURES = (layers, temperatures, width)
"""Beside the leading one."""


def figures(reading: HeatCapacityReading) -> list[Figure]:
    """Those that the record can fill."""
    return [figure for each in FIGURES if (figure := each(reading)) is not None]
