"""Does the batch size alone set the temperature: |b| times the variance, one curve for each batch size."""

from __future__ import annotations

import numpy as np

from szilard.page.curve import Curve
from szilard.page.plot import Plot
from szilard.page.style import Figure
from szilard.studies.fig3.figures.marks import pen_of
from szilard.studies.fig3.reading import Fig3Reading


def figure(reading: Fig3Reading) -> Figure | None:
    """None with a single batch size."""
    if len(reading.shown) < 2:
        return None
    plot = Plot()
    panel = plot.panel("tr C/dim θ (nat²)")
    tops = []
    for batch in reading.shown:
        noise, size = reading.mean("noise_variance", batch), reading.of_one_example(batch)
        half = reading.half_widths[batch] * noise.error[:, 0]
        curve = Curve(reading.steps.astype(float), size * noise.value[:, 0], size * half)
        panel.line(curve, reading.label(batch), pen_of(batch), unit="nat²", end=reading.label(batch))
        tops.append(float(np.nanmax(curve.high)))
    panel.span = (0.0, 1.05 * max(tops))
    return plot.figure(
        "ratio",
        "Stationary? The variance of one example’s gradient",
        "tr C/dim θ: |b| times the noise variance (in shuffled epochs of N examples (N − 1)/(N − |b|) times that). "
        "Where the curves lie on one another, the noise goes with 1/|b| and nothing else; where they are level, it "
        "is stationary. Bands: 95 % over trainings.",
    )
