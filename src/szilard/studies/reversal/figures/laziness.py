"""Laziness: what leaves its tangent, and what width does to it."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import Axis, positive, widened
from szilard.page.plot import Plot
from szilard.page.style import BLACK, BLUE, GREEN, GREY, PALE, PURPLE, VERMILLION, Figure, Pen
from szilard.studies.reversal.figures.marks import SIZE, medians, ribbon, when
from szilard.studies.reversal.reading import ReversalReading
from szilard.studies.reversal.words import CHANGES, concluded
from szilard.verdicts.audit import Audit
from szilard.verdicts.bounds import TANGENT

QUANTITIES = (
    ("kernel_change", CHANGES["kernel_change"], "kernel", Pen(BLUE), "circle"),
    ("outputs_error", CHANGES["outputs_error"], "outputs", Pen(GREEN, "dashdot"), "square"),
    ("losses_error", CHANGES["losses_error"], "loss", Pen(VERMILLION, "dash"), "diamond"),
    ("gradient_change", CHANGES["gradient_change"], "gradient", Pen(PURPLE, "dot"), "triangle-up"),
)
"""Column, words, one word, pen and symbol."""
HIGHEST = 4.0


def laziness(reading: ReversalReading) -> Figure:
    """Laziness: how fast the kernel, the outputs, the loss and the gradient leave their tangents, from each start.

    A panel for each start; the model itself, medians over seeds.
    """
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


STEP = ("relative_step", "share of a step that one step back misses", "step back", Pen(BLACK, width=3.0), "star")
RETURN = ("relative_return", "share of the way back missed", "way back", Pen(GREY), "circle-open")


def width(reading: ReversalReading, audit: Audit) -> Figure | None:
    """Against width: what width does to laziness, and what it does not do to reversibility.

    None where no networks of several widths were run.
    """
    wide = reading.width
    if wide is None:
        return None
    widths = wide["width"].values.astype(float)
    drawn = (*QUANTITIES, STEP, RETURN)
    across = Axis("width of the hidden layers", log=True, span=widened(widths[0], widths[-1], 1.1), at=widths,
                  called=[f"{width:.0f}" for width in widths])  # fmt: skip
    plot = Plot(across, right=84)
    span = widened(*positive(*(wide[name].values[-1] for name, *_ in drawn)))
    panel = plot.panel("relative change, share missed", log=True, span=span)
    for name, words, short, pen, symbol in drawn:
        values = wide[name].values[-1]  # (seeds, widths)
        ribbon(panel, widths, values, pen)
        curve = medians(widths, np.median(values, axis=0))
        panel.line(curve, words, pen if name == STEP[0] else pen.at(2.0), symbol=symbol, size=SIZE, end=short)
    law = np.median(wide["kernel_change"].values[-1], axis=0)[0] * widths[0] / widths
    panel.reference(widths, law, "1/width", Pen(PALE, "dot", 1.4))
    count = int(wide["step"].values[-1])
    return plot.figure(
        "width",
        "Width makes lazy. Does it make reversible?",
        f"Perceptrons in the tangent-kernel parametrisation, {count} steps from their initialisation at one "
        "learning rate, so that all learn equally fast. Dotted: 1/width, the law of a lazy kernel. Black: the "
        "share of a step that one step back misses; grey: all steps back together. "
        f"{concluded(audit)} Bands: the range over seeds.",
        wide=True,
    )
