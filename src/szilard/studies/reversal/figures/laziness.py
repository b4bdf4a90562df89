"""Laziness: how fast the kernel, the outputs, the loss and the gradient leave their tangents, from each start."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import Axis, positive, widened
from szilard.page.plot import Plot
from szilard.page.style import BLUE, GREEN, PURPLE, VERMILLION, Figure, Pen
from szilard.studies.reversal.figures.marks import SIZE, medians, ribbon, when
from szilard.studies.reversal.reading import ReversalReading
from szilard.studies.reversal.words import CHANGES
from szilard.verdicts.bounds import TANGENT

QUANTITIES = (
    ("kernel_change", CHANGES["kernel_change"], "kernel", Pen(BLUE), "circle"),
    ("outputs_error", CHANGES["outputs_error"], "outputs", Pen(GREEN, "dashdot"), "square"),
    ("losses_error", CHANGES["losses_error"], "loss", Pen(VERMILLION, "dash"), "diamond"),
    ("gradient_change", CHANGES["gradient_change"], "gradient", Pen(PURPLE, "dot"), "triangle-up"),
)
"""Column, words, one word, pen and symbol."""
HIGHEST = 4.0


def figure(reading: ReversalReading) -> Figure:
    """A panel for each start; the model itself, medians over seeds."""
    looks = reading.laziness["step"].values
    columns = {name: _of_model(reading, name) for name, *_ in QUANTITIES}
    span = widened(positive(*columns.values())[0], HIGHEST)
    across = Axis("training steps since θ*", log=True, span=widened(float(looks[0]), float(looks[-1]), 1.1))
    plot = Plot(across, right=84)
    for place, start in enumerate(reading.starts):
        panel = plot.panel("relative change", log=True, span=span)
        for name, words, short, pen, symbol in QUANTITIES:
            values = columns[name][:, place]  # (looks, seeds)
            middle = np.median(values, axis=1)
            ribbon(panel, looks, values.T.clip(max=10 * HIGHEST), pen)
            panel.line(medians(looks, middle), words, pen, symbol=symbol, size=SIZE)
            panel.end(short, min(float(middle[-1]), HIGHEST), pen.colour)
        panel.heading(when(start))
        panel.rule(TANGENT, "a tenth", right=True)
    return plot.figure(
        "laziness",
        "How lazy: what leaves its tangent",
        f"{reading.networks[0]}, against the training steps since θ*. A lazy network keeps its tangent kernel and "
        "is linear in its outputs. Eq. 35 asks that the loss be linear too, so that its gradient would not depend "
        "on θ: it curves where predictions become right, in any network that learns. Medians over seeds; bands: "
        "their whole range.",
    )


def _of_model(reading: ReversalReading, name: str) -> np.ndarray:
    """Shape (looks, starts, seeds)."""
    values = reading.laziness[name].values[:, 0]
    return np.asarray(values[..., 0] if values.ndim == 4 else values)
