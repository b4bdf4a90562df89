"""Laziness: how fast the kernel, the outputs, the loss and the gradient leave their tangents, from each start."""

from __future__ import annotations

from typing import Any

import numpy as np

from szilard.page.axes import layout
from szilard.page.logarithmic import between, ends, heading, limit, logarithmic, range_of
from szilard.page.style import BLUE, GREEN, PURPLE, VERMILLION, Figure
from szilard.studies.reversal.figures.marks import curve, ribbon, when
from szilard.studies.reversal.reading import ReversalReading
from szilard.studies.reversal.words import CHANGES
from szilard.verdicts.bounds import TANGENT

QUANTITIES = (
    ("kernel_change", CHANGES["kernel_change"], "kernel", BLUE, "solid", "circle"),
    ("outputs_error", CHANGES["outputs_error"], "outputs", GREEN, "dashdot", "square"),
    ("losses_error", CHANGES["losses_error"], "loss", VERMILLION, "dash", "diamond"),
    ("gradient_change", CHANGES["gradient_change"], "gradient", PURPLE, "dot", "triangle-up"),
)
"""Column, words, one word, colour, dash and symbol."""
HIGHEST = 4.0


def figure(reading: ReversalReading) -> Figure:
    """A panel for each start, the model itself."""
    looks = reading.laziness["step"].values
    data: list[dict[str, Any]] = []
    axes, notes, shapes = [], [], []
    columns = {name: _of_model(reading, name) for name, *_ in QUANTITIES}
    low, high = between(range_of(*columns.values())[0], HIGHEST)
    for place, start in enumerate(reading.starts):
        panel = place + 1
        labels = []
        for name, words, short, colour, dash, symbol in QUANTITIES:
            values = columns[name][:, place]  # (looks, seeds)
            middle = np.median(values, axis=1)
            data += ribbon(looks, values.T.clip(max=10 * HIGHEST), colour, panel=panel)
            data.append(curve(looks, middle, words, colour, panel=panel, dash=dash, symbol=symbol))
            labels.append((short, min(float(middle[-1]), HIGHEST), colour))
        axes.append(logarithmic("relative change", low, high))
        notes += [heading(when(start), panel), *ends(labels, low, high, panel)]
        shape, note = limit(TANGENT, "a tenth", panel)
        shapes.append(shape)
        notes.append(note)
    return Figure(
        key="laziness",
        title="How lazy: what leaves its tangent",
        caption=(
            f"{reading.networks[0]}, against the training steps since θ*. A lazy network keeps its tangent kernel and "
            "is linear in its outputs. Eq. 35 asks that the loss be linear too, so that its gradient would not depend "
            "on θ: it curves where predictions become right, in any network that learns. Medians over seeds; bands: "
            "their whole range."
        ),
        data=data,
        layout=layout(
            *axes,
            x=logarithmic("training steps since θ*", *between(float(looks[0]), float(looks[-1]), 1.1)),
            right=84,
            annotations=notes,
            shapes=shapes,
        ),
        along_steps=False,
        panels=len(axes),
    )


def _of_model(reading: ReversalReading, name: str) -> np.ndarray:
    """Shape (looks, starts, seeds)."""
    values = reading.laziness[name].values[:, 0]
    return np.asarray(values[..., 0] if values.ndim == 4 else values)
