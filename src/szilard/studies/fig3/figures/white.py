"""White? The autocorrelation at every lag, over all starts, against the bound of the audit."""

from __future__ import annotations

from typing import Any

import numpy as np

from szilard.page.axes import LEGEND, axis, band, layout
from szilard.page.drawing import points
from szilard.page.style import Figure, Pen
from szilard.studies.fig3.figures.marks import pen_of
from szilard.studies.fig3.reading import Fig3Reading
from szilard.verdicts.bounds import COLOUR

SHIFT = 0.14
"""Between the marks of neighbouring batch sizes, in places of the axis."""


def figure(reading: Fig3Reading) -> Figure | None:
    """None where no lag but 0 was recorded."""
    lags = reading.lags
    if not reading.shown or len(lags) < 2:
        return None
    traces: list[dict[str, Any]] = []
    top, places = COLOUR, np.arange(1, len(lags), dtype=float)
    for number, batch in enumerate(reading.shown):
        try:
            found = reading.autocorrelation(batch)
        except ValueError:
            continue
        half = reading.half_widths[batch] * found.error[1:]
        symbol = ("circle", "square", "diamond", "cross", "x")[number % 5]
        shifted = places + SHIFT * (number - (len(reading.shown) - 1) / 2)
        dots = points(shifted, found.value[1:], half, reading.label(batch), pen_of(batch), symbol, joined=False)
        traces.append({**dots, "showlegend": True, "marker": {**dots["marker"], "size": 6}})
        top = max(top, float(np.abs(found.value[1:]).max() + half.max()))
        if (exact := reading.shuffled(batch)) is not None:
            traces.append(_exact(shifted, exact[1:], pen_of(batch), named=not number))
            top = max(top, float(np.abs(exact[1:]).max()))
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
            f"count as none.{_about(reading)}{_broken(lags)}"
        ),
        data=traces,
        layout=layout(
            axis("ρ(h)", range=[-1.05 * top, 1.05 * top]),
            x=across,
            shapes=[band(-COLOUR, COLOUR), *_breaks(lags)],
            **LEGEND,
        ),
        along_steps=False,
    )


def _exact(x: np.ndarray, values: np.ndarray, pen: Pen, named: bool) -> dict[str, Any]:
    """What shuffled epochs leave at frozen parameters."""
    return {"type": "scatter", "mode": "markers", "name": "exact, shuffled epochs", "x": x, "y": values,
            "marker": {"symbol": "line-ew-open", "size": 12, "color": pen.colour, "line": {"width": 2}},
            "hovertemplate": "exact %{y:.3g}", "showlegend": named}  # fmt: skip


def _breaks(lags: np.ndarray) -> list[dict[str, Any]]:
    """A dotted line wherever lags are left out between neighbouring places."""
    return [
        {"type": "line", "xref": "x", "x0": place + 0.5, "x1": place + 0.5, "yref": "y domain", "y0": 0, "y1": 1,
         "line": {"color": "#4B5563", "width": 1.2, "dash": "dot"}}
        for place in np.flatnonzero(np.diff(lags) > 1).tolist() if place
    ]  # fmt: skip


def _broken(lags: np.ndarray) -> str:
    return " Dotted: between its neighbours lags are left out, and the axis jumps." if _breaks(lags) else ""


def _about(reading: Fig3Reading) -> str:
    if all(reading.epoch(batch) is None for batch in reading.shown):
        return ""
    return " Dashes: what shuffled epochs of M batches leave by themselves, −(M − h)/[M(M − 1)], at frozen parameters."
