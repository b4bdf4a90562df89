"""Many reservoirs: the temperature of each layer along the training."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import positive, widened
from szilard.page.curve import Curve
from szilard.page.plot import Plot
from szilard.page.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, VERMILLION, Figure, Pen
from szilard.studies.fig3.reading import Fig3Reading

LAYERS = (Pen(BLUE), Pen(GREEN, "dash"), Pen(PURPLE, "dot"), Pen(ORANGE, "dashdot"), Pen(VERMILLION, "longdash"))
LAST = Pen(VERMILLION)
"""Of the last layer, which the paper's paths are of."""


def figure(reading: Fig3Reading) -> Figure | None:
    """At the smallest batch; None with fewer than two layers."""
    names = reading.groups[1:]
    if not reading.shown or len(names) < 2 or not np.isfinite(reading.rate):
        return None
    batch = reading.shown[0]
    found = reading.temperature(batch)
    steps = reading.steps.astype(float)
    plot = Plot(right=78)
    panel = plot.panel("T = r c/2", log=True, span=widened(*positive(found.value), 10**0.15))
    for layer, name in enumerate(names, start=1):
        pen = LAST if layer == len(names) else LAYERS[(layer - 1) % (len(LAYERS) - 1)]
        values, half = found.value[:, layer], reading.half_widths[batch] * found.error[:, layer]
        panel.line(Curve(steps, values, np.minimum(half, 0.8 * values)), name, pen, end=name.split(" (")[0])
    panel.line(Curve(steps, found.value[:, 0]), "all parameters", Pen(BLACK, width=1.4), end="all")
    hottest = int(np.argmax(found.value[-1, 1:]))
    return plot.figure(
        "layers",
        f"Each layer has a temperature of its own, {reading.label(batch)}",
        f"T = r c/2 (Eq. 34) by layer, in units of the loss: hottest at the end is {names[hottest]}, "
        f"{found.value[-1, 1 + hottest] / found.value[-1, 1:].min():.0f} times the coldest. One reservoir has one "
        "temperature; these are several (paper, §6.2). Bands: 95 % over trainings.",
    )
