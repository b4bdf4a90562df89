"""Force against noise, like for like: roots of mean squares over parameters, and the largest force."""

from __future__ import annotations

from typing import Any

import numpy as np

from szilard.page.axes import axis, layout
from szilard.page.curve import Curve
from szilard.page.drawing import label_ends, line
from szilard.page.style import BLACK, BLUE, VERMILLION, Figure, Pen
from szilard.studies.fig3.reading import Fig3Reading

NOISE, FORCE, LARGEST = Pen(VERMILLION), Pen(BLUE, "dash"), Pen(BLACK, "dot", 1.6)


def figure(reading: Fig3Reading) -> Figure | None:
    """At the smallest batch; None without whole passes."""
    if not reading.shown:
        return None
    batch = reading.shown[0]
    steps = reading.steps.astype(float)
    curves = {
        "noise": (np.sqrt(reading.of_watched("noise_variance_full", batch)[..., 0]), NOISE),
        "force": (np.sqrt(reading.of_watched("signal_variance_full", batch)[..., 0]), FORCE),
        "largest force": (reading.of_watched("max_force", batch)[..., 0], LARGEST),
    }
    if any(not values.shape[1] or not (values > 0).all() for values, _ in curves.values()):
        return None
    traces: list[dict[str, Any]] = []
    ends, logs = [], []
    for name, (values, pen) in curves.items():
        mean = values.mean(1)
        traces += line(Curve(steps, mean), name, pen, unit="nat")
        ends.append((name, float(np.log10(mean[-1])), pen.colour))
        logs.append(np.log10(mean))
    low, high = float(np.min(logs)), float(np.max(logs))
    span = (low - 0.15, high + 0.15)
    return Figure(
        key="force",
        title=f"Force and noise of a parameter, {reading.label(batch)}",
        caption=(
            "Noise and force: root of the mean square over all parameters, from whole passes over the training set; "
            "largest force: max |∇U_B|, the paper’s dashed line. A parameter’s noise is the larger where the noise’s "
            "curve lies above that of the force."
        ),
        data=traces,
        layout=layout(
            axis("nat per parameter", type="log", range=list(span), dtick="D2"),
            right=96,
            annotations=label_ends(ends, span),
        ),
    )
