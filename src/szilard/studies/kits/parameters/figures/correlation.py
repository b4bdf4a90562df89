"""Autocorrelation of the noise by lag, layer by layer, with the band of white noise."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import Axis, spread
from szilard.page.curve import Curve
from szilard.page.plot import Plot
from szilard.page.style import INK, Figure, Pen
from szilard.studies.kits.parameters.claims.whiteness import autocorrelation
from szilard.studies.kits.parameters.figures.marks import margin, named
from szilard.studies.kits.watched.reading import WatchedReading
from szilard.verdicts.bounds import COLOUR, FEWEST_BURSTS, LEVEL

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "x")
"""One a layer that has a pen."""


def figure(reading: WatchedReading) -> Figure | None:
    """None with too few bursts, or without lags."""
    bursts = reading.bursts
    if bursts is None or bursts.records < FEWEST_BURSTS or 0 not in bursts.lags:
        return None
    places = np.flatnonzero(bursts.lags > 0)
    layers = [layer for layer in named(bursts) if len(bursts.noisy(layer.index)) >= FEWEST_BURSTS]
    if not len(places) or not layers:
        return None
    lags = bursts.lags[places]
    across = Axis("lag (training steps)", span=(float(lags.min()) - 0.4, float(lags.max()) + 0.4), at=lags)
    plot = Plot(across, right=margin(bursts))
    panel, seen = plot.panel("autocorrelation ρ", zero_line=False), [np.array([-COLOUR, COLOUR])]
    for layer, symbol in zip(layers, SYMBOLS, strict=False):
        found = [autocorrelation(bursts, layer.index, [int(place)]) for place in places]
        half = np.array([one.interval(LEVEL)[1] - one.value for one in found])
        values = np.array([one.value for one in found])
        panel.between(lags, -half, half, layer.pen, share=0.10)
        curve, pen = Curve(lags, values), Pen(layer.pen.colour, width=0.8)
        panel.line(curve, layer.name, pen, symbol=symbol, size=8, end=layer.name)
        seen += [values, half, -half]
    panel.span = spread(*seen)
    panel.rule(0.0, pen=Pen(INK, width=1))
    panel.rule(COLOUR, "bound of the audit")
    panel.rule(-COLOUR)
    return plot.figure(
        "correlation",
        "Does the noise remember?",
        "Autocorrelation of the loop's noise from step to step, pooled over all bursts. Of white noise 95 % of the "
        "points of a layer lie in the band of its colour. Shuffled epochs push all lags a little below 0. "
        "At lag 0 it is 1.",
    )
