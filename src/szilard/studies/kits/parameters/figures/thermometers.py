"""Three thermometers: noise, kinetic and configurational temperature of each layer, late in the training."""

from __future__ import annotations

from typing import Any

import numpy as np

from szilard.errors import RecordError
from szilard.estimate import Estimate
from szilard.page.axes import LEGEND, axis, layout, spread
from szilard.page.drawing import points
from szilard.page.safe import escape
from szilard.page.style import BLUE, GREEN, VERMILLION, Figure, Pen
from szilard.reservoir.time_average import time_average
from szilard.studies.kits.parameters.claims.temperatures import configurational
from szilard.studies.kits.parameters.figures.marks import shortened
from szilard.studies.kits.parameters.figures.noise import ticks
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


def figure(reading: WatchedReading) -> Figure | None:
    """None with fewer than two bursts in the second half."""
    bursts = reading.bursts
    if bursts is None or bursts.records < 4:
        return None
    data = []
    for place, (name, pen, symbol) in enumerate(THERMOMETERS):
        found = [(layer, one) for layer in range(bursts.groups) if (one := _reading(bursts, layer, place)) is not None]
        if not found:
            continue
        heights = [layer + (place - 1) * APART for layer, _ in found]
        half = np.array([one.interval(LEVEL)[1] - one.value for _, one in found])
        data.append(_marks(np.array([one.value for _, one in found]), heights, half, name, pen, symbol))
    spans = [trace["x"] for trace in data]
    low, high = spread(*(np.log10(values) for values in spans), pad=0.12) if spans else (-1.0, 1.0)
    return Figure(
        key="thermometers",
        title="Three thermometers",
        caption=(
            f"Temperatures of each layer over {bursts.span(bursts.late)}: what the noise sustains, how fast parameters "
            "move, and, over the last window, how far they spread. Kinetic and configurational agree where the "
            "parameters are stationary, in equilibrium or not; all three where the noise is white and the steps small. "
            "Bars: 95 %; those that reach 0 have no lower end here."
        ),
        data=data,
        layout=layout(
            axis("layer", tickvals=list(range(bursts.groups)), range=[bursts.groups - 0.5, -0.5], zeroline=False,
                 ticktext=[escape(shortened(name)) for name in bursts.names]),
            x=axis("temperature T (loss)", type="log", range=[low - 0.2, high + 0.2], **ticks((low, high))),
            right=16,
            **LEGEND,
            hovermode="closest",
        ),
        along_steps=False,
        panels=1 + bursts.groups // 8,
    )  # fmt: skip


def _reading(bursts: Bursts, layer: int, place: int) -> Estimate | None:
    """What one thermometer reads on one layer; None where it has none, or none above 0."""
    try:
        if place == 2:
            pair = configurational(bursts, layer)
            found = None if pair is None else pair[0]
        else:
            column = ("temperature_noise", "temperature_kinetic")[place]
            found = time_average(bursts.values(column)[bursts.late, layer]).value
    except RecordError:
        return None
    return found if found is not None and found.value > 0 else None


def _marks(x: np.ndarray, y: list[float], half: np.ndarray, name: str, pen: Pen, symbol: str) -> dict[str, Any]:
    """Marks with bars along x that stay above 0."""
    trace = points(x, y, half, name, pen, symbol, joined=False, hover="%{x:.3g} ± %{customdata:.2g}")
    bars = trace.pop("error_y") | {"symmetric": False, "arrayminus": np.minimum(half, 0.99 * x)}
    return trace | {"error_x": bars, "showlegend": True}
