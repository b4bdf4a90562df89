"""How hot each layer runs along the training: the kinetic temperature, beside the one that its noise sustains."""

from __future__ import annotations

from functools import partial

from szilard.page.plot import Plot
from szilard.page.style import Figure
from szilard.studies.kits.parameters.figures.marks import along, draw, margin
from szilard.studies.kits.watched.reading import WatchedReading


def figure(reading: WatchedReading) -> Figure | None:
    """None with fewer than two bursts."""
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
