"""Three thermometers: noise, kinetic and configurational temperature of each layer, late in the training."""

from __future__ import annotations

from typing import Any

import numpy as np

from szilard.audit.bounds import LEVEL
from szilard.audit.bursts import Bursts
from szilard.audit.reservoir.temperatures import configurational
from szilard.errors import RecordError
from szilard.estimate import Estimate
from szilard.report.axes import LEGEND, axis, layout
from szilard.report.drawing import points
from szilard.report.safe import escape
from szilard.report.single.figures.reservoir.layers import shortened
from szilard.report.single.view import View
from szilard.report.style import BLUE, GREEN, VERMILLION, Figure, Pen
from szilard.reservoir import time_average

THERMOMETERS = (
    ("noise: what it sustains", Pen(BLUE), "circle"),
    ("kinetic: how fast it moves", Pen(VERMILLION), "square"),
    ("configurational: how far it spreads", Pen(GREEN), "diamond"),
)
APART = 0.18
"""Between the marks of a layer, in layers."""


def figure(view: View) -> Figure | None:
    """None with fewer than two bursts in the second half."""
    bursts = view.evidence.reservoir
    if bursts is None or bursts.records < 4:
        return None
    data = []
    for place, (name, pen, symbol) in enumerate(THERMOMETERS):
        found = [(layer, one) for layer in range(bursts.groups) if (one := _reading(bursts, layer, place)) is not None]
        if not found:
            continue
        x = [layer + (place - 1) * APART for layer, _ in found]
        half = np.array([one.interval(LEVEL)[1] - one.value for _, one in found])
        data.append(_marks(x, np.array([one.value for _, one in found]), half, name, pen, symbol))
    return Figure(
        key="thermometers",
        title="Three thermometers",
        caption=(
            f"Temperatures of each layer over {bursts.span(bursts.late)} (the configurational over the last window). "
            "Kinetic and configurational agree where the parameters are stationary, in equilibrium or not; all three "
            "agree where the noise is white and the steps small. Bars: 95 %; those that reach 0 have no lower end here."
        ),
        data=data,
        layout=layout(
            axis("temperature T (loss)", type="log"),
            x=axis("layer", tickvals=list(range(bursts.groups)), range=[-0.5, bursts.groups - 0.5], showgrid=False,
                   ticktext=[escape(shortened(name)) for name in bursts.names]),
            right=16,
            **LEGEND,
            hovermode="closest",
        ),
        along_steps=False,
    )  # fmt: skip


def _reading(bursts: Bursts, layer: int, place: int) -> Estimate | None:
    """Of one thermometer on one layer; None where it has none, or none above 0."""
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


def _marks(x: list[float], y: np.ndarray, half: np.ndarray, name: str, pen: Pen, symbol: str) -> dict[str, Any]:
    """Marks with bars that stay above 0."""
    trace = points(x, y, half, name, pen, symbol, joined=False)
    bars = trace["error_y"] | {"symmetric": False, "arrayminus": np.minimum(half, 0.999 * y)}
    return trace | {"error_y": bars, "showlegend": True}
