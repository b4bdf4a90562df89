"""Many reservoirs: the temperature of each layer along the training."""

from __future__ import annotations

from typing import Any

import numpy as np

from szilard.page.axes import axis, layout
from szilard.page.curve import Curve
from szilard.page.drawing import label_ends, line
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
    traces: list[dict[str, Any]] = []
    ends, heights = [], []
    for layer, name in enumerate(names, start=1):
        pen = LAST if layer == len(names) else LAYERS[(layer - 1) % (len(LAYERS) - 1)]
        values, half = found.value[:, layer], reading.half_widths[batch] * found.error[:, layer]
        traces += line(Curve(steps, values, np.minimum(half, 0.8 * values)), name, pen)
        ends.append((name.split(" (")[0], float(np.log10(values[-1])), pen.colour))
        heights.append(values)
    whole = found.value[:, 0]
    traces += line(Curve(steps, whole), "all parameters", Pen(BLACK, "solid", 1.4))
    ends.append(("all", float(np.log10(whole[-1])), BLACK))
    logs = np.log10(np.concatenate([*heights, whole]))
    span = (float(logs.min()) - 0.15, float(logs.max()) + 0.15)
    hottest = int(np.argmax(found.value[-1, 1:]))
    return Figure(
        key="layers",
        title=f"Each layer has a temperature of its own, {reading.label(batch)}",
        caption=(
            f"T = r c/2 (Eq. 34) by layer, in units of the loss: hottest at the end is {names[hottest]}, "
            f"{found.value[-1, 1 + hottest] / found.value[-1, 1:].min():.0f} times the coldest. One reservoir has one "
            "temperature; these are several (paper, §6.2). Bands: 95 % over trainings."
        ),
        data=traces,
        layout=layout(
            axis("T = r c/2", type="log", range=list(span), dtick="D2"), right=78, annotations=label_ends(ends, span)
        ),
    )
