"""The gap between the bounds on the entropy against the number of draws: how it closes."""

from __future__ import annotations

from typing import Any

import numpy as np

from szilard.page.axes import LEGEND, axis, layout
from szilard.page.drawing import points
from szilard.page.logarithmic import between, logarithmic, range_of
from szilard.page.style import Figure, Pen
from szilard.studies.sampled.figures.marks import quarters, shade
from szilard.studies.sampled.reading import SampledReading

DASHES = ("solid", "dash", "dashdot", "dot")
SYMBOLS = ("circle", "square", "diamond", "triangle-up")


def figure(reading: SampledReading) -> Figure | None:
    """At the ends of the quarters of the training; None where there are no bounds."""
    if not reading.has("entropy_gap") or "draw" not in reading.rows.dims:
        return None
    gap = np.asarray(reading.rows["entropy_gap"].values, dtype=float)
    error = np.asarray(reading.rows["entropy_gap_error"].values, dtype=float)
    draws = np.asarray(reading.rows["draw"].values, dtype=float)
    ends = [int(rows[-1]) for rows in quarters(len(gap))]
    data = []
    for number, row in enumerate(ends):
        pen = Pen(shade(number / max(len(ends) - 1, 1)), DASHES[number % len(DASHES)])
        drawn = points(draws, gap[row], reading.half_width * error[row], f"step {reading.steps[row]:,}", pen,
                       SYMBOLS[number % len(SYMBOLS)], hover="%{y:.3g} ± %{customdata:.2g} nat")  # fmt: skip
        data.append(drawn | {"showlegend": True})
    positive = bool((gap[ends] > reading.half_width * error[ends]).all())
    return Figure(
        key="bounds",
        title="How the bounds close",
        caption=(
            "Upper less lower bound of the entropy S(X|θ), against the number K of draws from the encoder: all "
            "bounds on this page are those of the largest K. Where the encoder misses the posterior the gap closes "
            "slowly. Bars: 95 %, over samples."
        ),
        data=data,
        layout=layout(
            _axis(gap[ends]) if positive else axis("gap (nat)"),
            x=axis("draws K from the encoder", type="log", tickvals=draws.tolist(),
                   ticktext=[f"{draw:g}" for draw in draws]),
            right=16,
            **{**LEGEND, "margin": {"l": 64, "r": 16, "t": 62, "b": 48}},
            hovermode="closest",
        ),
        along_steps=False,
    )  # fmt: skip


def _axis(gaps: np.ndarray) -> dict[str, Any]:
    return logarithmic("gap (nat)", *between(*range_of(gaps), 1.6), dtick="D2")
