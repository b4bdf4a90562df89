"""Force against noise, like for like: roots of mean squares over parameters, and the largest force."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import positive, widened
from szilard.page.curve import Curve
from szilard.page.plot import Plot
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
    means = {name: values.mean(1) for name, (values, _) in curves.items()}
    plot = Plot(right=96)
    panel = plot.panel("nat per parameter", log=True, span=widened(*positive(*means.values()), 10**0.15))
    for name, mean in means.items():
        panel.line(Curve(steps, mean), name, curves[name][1], unit="nat", end=name)
    return plot.figure(
        "force",
        f"Force and noise of a parameter, {reading.label(batch)}",
        "Noise and force: root of the mean square over all parameters, from whole passes over the training set; "
        "largest force: max |∇U_B|, the paper’s dashed line. A parameter’s noise is the larger where the noise’s "
        "curve lies above that of the force.",
    )
