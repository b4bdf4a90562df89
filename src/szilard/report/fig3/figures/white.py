"""White? The autocorrelation at every lag, over all starts, against the bound of the audit."""

from __future__ import annotations

from typing import Any

import numpy as np

from szilard.audit.bounds import COLOUR
from szilard.report.axes import LEGEND, axis, band, layout
from szilard.report.drawing import points
from szilard.report.fig3.view import View
from szilard.report.style import Figure

SHIFT = 0.14
"""Between the marks of neighbouring batch sizes, in places of the axis."""


def figure(view: View) -> Figure | None:
    """None where no lag but 0 was recorded."""
    lags = view.evidence.lags
    if not view.batches or len(lags) < 2:
        return None
    traces: list[dict[str, Any]] = []
    top, places = COLOUR, np.arange(1, len(lags), dtype=float)
    for number, batch in enumerate(view.batches):
        try:
            found = view.evidence.autocorrelation(batch)
        except ValueError:
            continue
        half = view.width[batch] * found.error[1:]
        symbol = ("circle", "square", "diamond", "cross", "x")[number % 5]
        shifted = places + SHIFT * (number - (len(view.batches) - 1) / 2)
        dots = points(shifted, found.value[1:], half, view.label(batch), view.pen(batch), symbol, joined=False)
        traces.append({**dots, "showlegend": True, "marker": {**dots["marker"], "size": 6}})
        top = max(top, float(np.abs(found.value[1:]).max() + half.max()))
    if not traces:
        return None
    across = axis("lag h (training steps)", tickmode="array", tickvals=places.tolist(),
                  ticktext=[f"{lag:,}" for lag in lags[1:]], range=[0.4, len(lags) - 0.4])  # fmt: skip
    return Figure(
        key="white",
        title="White? The autocorrelation of the noise",
        caption=(
            "ρ(h) = C(t, h)/C(t, 0), averaged over the starts; 95 % intervals over trainings, each lag for itself. "
            f"White noise has ρ = 0; the grey band is the audit’s bound of ±{COLOUR:g}, within which correlations "
            "count as none."
        ),
        data=traces,
        layout=layout(
            axis("ρ(h)", range=[-1.05 * top, 1.05 * top]), x=across, shapes=[band(-COLOUR, COLOUR)], **LEGEND
        ),
        along_steps=False,
    )
