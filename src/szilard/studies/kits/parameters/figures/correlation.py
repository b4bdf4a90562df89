"""Autocorrelation of the noise by lag, layer by layer, with the band of white noise."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import axis, layout, spread
from szilard.page.drawing import between, label_ends, points
from szilard.page.style import Figure
from szilard.studies.kits.parameters.claims.whiteness import autocorrelation
from szilard.studies.kits.parameters.figures.marks import margin, named
from szilard.studies.kits.watched.reading import WatchedReading
from szilard.verdicts.bounds import COLOUR, FEWEST_BURSTS, LEVEL

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "x")
"""One a layer that has a pen."""


def figure(reading: WatchedReading) -> Figure | None:
    """None with too few bursts, or without lags."""
    bursts = reading.bursts
    if bursts is None or bursts.records < FEWEST_BURSTS or 0 not in bursts.lags:
        return None
    places = np.flatnonzero(bursts.lags > 0)
    layers = [layer for layer in named(bursts) if len(bursts.noisy(layer.index)) >= FEWEST_BURSTS]
    if not len(places) or not layers:
        return None
    lags = bursts.lags[places]
    data, ends, all_values = [], [], []
    for layer, symbol in zip(layers, SYMBOLS, strict=False):
        found = [autocorrelation(bursts, layer.index, [int(place)]) for place in places]
        half = np.array([one.interval(LEVEL)[1] - one.value for one in found])
        values = np.array([one.value for one in found])
        data += between(lags, -half, half, layer.pen, share=0.10)
        trace = points(lags, values, half, layer.name, layer.pen, symbol, hover="%{y:.3f} ± %{customdata:.2g}")
        trace["line"] = {"color": layer.pen.colour, "width": 0.8}
        data.append({key: item for key, item in trace.items() if key != "error_y"})
        ends.append((layer.name, float(values[-1]), layer.pen.colour))
        all_values += [values, half, -half]
    low, high = spread(*all_values, [-COLOUR, COLOUR])
    rules = [
        {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": "y", "y0": height, "y1": height,
         "line": {"color": "#6B7280" if height else "#1A1A1A", "width": 1, "dash": "dot" if height else "solid"}}
        for height in (0.0, COLOUR, -COLOUR)
    ]  # fmt: skip
    note = {"text": "bound of the audit", "xref": "paper", "x": 0.01, "xanchor": "left", "yref": "y", "y": COLOUR,
            "yanchor": "bottom", "showarrow": False, "font": {"size": 11, "color": "#4B5563"}}  # fmt: skip
    return Figure(
        key="correlation",
        title="Does the noise remember?",
        caption=(
            "Autocorrelation of the loop's noise from step to step, pooled over all bursts. Of white noise 95 % of the "
            "points of a layer lie in the band of its colour. Shuffled epochs push all lags a little below 0. "
            "At lag 0 it is 1."
        ),
        data=data,
        layout=layout(
            axis("autocorrelation ρ", range=[low, high], zeroline=False),
            x=axis("lag (training steps)", range=[float(lags.min()) - 0.4, float(lags.max()) + 0.4],
                   tickvals=lags.tolist()),
            right=margin(bursts),
            shapes=rules,
            annotations=[*label_ends(ends, (low, high)), note],
        ),
        along_steps=False,
    )  # fmt: skip
