"""How hot each layer runs: along the training, and by three thermometers late in it."""

from __future__ import annotations

from functools import partial

import numpy as np

from szilard.errors import RecordError
from szilard.estimate import Estimate
from szilard.page.axes import Axis, spread, widened
from szilard.page.plot import Plot
from szilard.page.style import BLUE, GREEN, VERMILLION, Figure, Pen
from szilard.reservoir.time_average import time_average
from szilard.studies.kits.parameters.claims.temperatures import configurational
from szilard.studies.kits.parameters.figures.marks import along, draw, margin, shortened
from szilard.studies.kits.watched.bursts import Bursts
from szilard.studies.kits.watched.reading import WatchedReading
from szilard.verdicts.bounds import LEVEL

THERMOMETERS = (
    ("noise", Pen(BLUE), "circle"),
    ("kinetic", Pen(VERMILLION), "square"),
    ("configurational", Pen(GREEN), "diamond"),
)
APART = 0.18
"""Between the marks of a layer, in layers."""


def temperatures(reading: WatchedReading) -> Figure | None:
    """How hot each layer runs along the training: the kinetic temperature, beside the one that its noise sustains.

    None with fewer than two bursts.
    """
    bursts = reading.bursts
    if bursts is None or bursts.records < 2:
        return None
    plot = Plot(right=margin(bursts))
    draw(
        plot.panel("temperature T (loss)", log=True),
        bursts,
        partial(along, bursts, name="temperature_noise"),
        unit="loss",
    )
    return plot.figure(
        "temperatures",
        "How hot each layer runs",
        "The temperature that each layer's noise sustains, ½ r c for plain SGD and by the optimiser's own law for "
        "others, per parameter and in units of the loss. Layers in mutual equilibrium would share one curve. "
        "Bands: 95 %.",
    )


def thermometers(reading: WatchedReading) -> Figure | None:
    """Three thermometers: noise, kinetic and configurational temperature of each layer, late in the training.

    None with fewer than two bursts in the second half.
    """
    bursts = reading.bursts
    if bursts is None or bursts.records < 4:
        return None
    drawn, seen = [], []
    for place, (name, pen, symbol) in enumerate(THERMOMETERS):
        found = [(layer, one) for layer in range(bursts.groups) if (one := _reading(bursts, layer, place)) is not None]
        if found:
            values = np.array([one.value for _, one in found])
            half = np.array([one.interval(LEVEL)[1] - one.value for _, one in found])
            heights = [layer + (place - 1) * APART for layer, _ in found]
            drawn.append((values, heights, name, pen, symbol, (np.minimum(half, 0.99 * values), half)))
            seen.append(values)
    low, high = spread(*seen, pad=0.12, log=True) if seen else (0.1, 10.0)
    layers = Axis("layer", at=range(bursts.groups), called=[shortened(name) for name in bursts.names],
                  span=(bursts.groups - 0.5, -0.5), zero_line=False)  # fmt: skip
    across = Axis("temperature T (loss)", log=True, span=widened(low, high, 10**0.2))
    plot = Plot(across, legend="above", closest=True)
    panel = plot.panel(layers)
    for values, heights, name, pen, symbol, bars in drawn:
        panel.points(values, heights, name, pen, symbol, across=bars, legend=True)
    return plot.figure(
        "thermometers",
        "Three thermometers",
        f"Temperatures of each layer over {bursts.span(bursts.late)}: what the noise sustains, how fast parameters "
        "move, and, over the last window, how far they spread. Kinetic and configurational agree where the "
        "parameters are stationary, in equilibrium or not; all three where the noise is white and the steps small. "
        "Bars: 95 %; those that reach 0 have no lower end here.",
        panels=1 + bursts.groups // 8,
    )


def _reading(bursts: Bursts, layer: int, place: int) -> Estimate | None:
    """What one thermometer reads on one layer; None where it has none, or none above 0."""
    try:
        if place == 2:
            pair = configurational(bursts, layer)
            found = None if pair is None else pair[0]
        else:
            column = ("temperature_noise", "temperature_kinetic")[place]
            values = bursts.values(column)[bursts.late, layer]
            found = time_average(values[np.isfinite(values)]).value
    except RecordError:
        return None
    return found if found is not None and found.value > 0 else None
