"""Does the batch size alone set the temperature: |b| times the variance, one curve for each batch size."""

from __future__ import annotations

from typing import Any

import numpy as np

from szilard.page.axes import axis, layout
from szilard.page.curve import Curve
from szilard.page.drawing import label_ends, line
from szilard.page.style import Figure
from szilard.studies.fig3.figures.marks import pen_of
from szilard.studies.fig3.reading import Fig3Reading


def figure(reading: Fig3Reading) -> Figure | None:
    """None with a single batch size."""
    if len(reading.shown) < 2:
        return None
    steps = reading.steps.astype(float)
    traces: list[dict[str, Any]] = []
    ends, tops = [], []
    for batch in reading.shown:
        noise, size = reading.mean("noise_variance", batch), reading.of_one_example(batch)
        curve = Curve(steps, size * noise.value[:, 0], size * reading.half_widths[batch] * noise.error[:, 0])
        traces += line(curve, reading.label(batch), pen_of(batch), unit="nat²")
        ends.append((reading.label(batch), float(curve.values[-1]), pen_of(batch).colour))
        tops.append(float(np.nanmax(curve.high)))
    span = (0.0, 1.05 * max(tops))
    return Figure(
        key="ratio",
        title="Stationary? The variance of one example’s gradient",
        caption=(
            "tr C/dim θ: |b| times the noise variance (in shuffled epochs of N examples (N − 1)/(N − |b|) times that). "
            "Where the curves lie on one another, the noise goes with 1/|b| and nothing else; where they are level, it "
            "is stationary. Bands: 95 % over trainings."
        ),
        data=traces,
        layout=layout(axis("tr C/dim θ (nat²)", range=list(span)), annotations=label_ends(ends, span)),
    )
