"""Noise and force of every layer along the training, on logarithmic scales."""

from __future__ import annotations

from functools import partial

from szilard.page.plot import Plot
from szilard.page.style import Figure
from szilard.studies.kits.parameters.figures.marks import LOW, along, draw, margin
from szilard.studies.kits.watched.reading import WatchedReading


def figure(reading: WatchedReading) -> Figure | None:
    """None with fewer than two bursts."""
    bursts = reading.bursts
    if bursts is None or bursts.records < 2:
        return None
    plot = Plot(right=margin(bursts))
    for title, column in (("noise variance c (loss²)", "noise_variance"), ("force² (loss²)", "signal_variance")):
        panel = plot.panel(title, log=True)
        panel.apart = LOW
        draw(panel, bursts, partial(along, bursts, name=column), unit="loss²")
    return plot.figure(
        "noise",
        "Noise and force, layer by layer",
        "Above: variance of a batch's gradient at fixed parameters, the random force, mean over the layer's "
        "parameters. Below: squared mean gradient, the deterministic force. Its estimates may be negative where "
        "noise drowns it; those have no place here. Stationary noise would be level. Bands: 95 %.",
        wide=True,
    )
