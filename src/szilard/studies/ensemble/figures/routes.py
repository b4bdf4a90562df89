"""Routes: the same informations by different estimators at the last record."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import LEGEND, axis, layout
from szilard.page.style import INK, Figure
from szilard.studies.ensemble.figures.marks import LEVELS, has_curve
from szilard.studies.ensemble.reading import EnsembleReading

ROUTES = (
    ("", "as reported", "diamond"),
    ("_plugin", "plug-in", "circle-open"),
    ("_first_order", "first order", "square-open"),
    ("_jackknife", "jackknife", "triangle-up-open"),
    ("_contrast", "contrast", "star-open"),
)


def figure(reading: EnsembleReading) -> Figure | None:
    """None where no level has two routes."""
    found = [level for level in LEVELS if has_curve(reading, level[0], f"{level[0]}_plugin")]
    found = [level for level in found if reading.known(level[0]) is not None]
    if not found:
        return None
    data = []
    names = [short for _, _, short, _ in found]
    for number, (suffix, words, symbol) in enumerate(ROUTES):
        offset = 0.3 - 0.15 * number
        if any(reading.known(f"{name}{suffix}") for name, *_ in found):
            data.append({"type": "scatter", "mode": "markers", "name": words, "x": [None], "y": [None],
                         "marker": {"symbol": symbol, "size": 9, "color": INK}, "showlegend": True})  # fmt: skip
        for place, (name, _, _, pen) in enumerate(found):
            estimate = reading.known(f"{name}{suffix}")
            if estimate is None:
                continue
            half = np.nan_to_num(reading.half_widths[-1] * float(estimate.error))
            data.append(
                {"type": "scatter", "mode": "markers", "name": words, "showlegend": False, "x": [estimate.value],
                 "y": [len(found) - 1 - place + offset],
                 "error_x": {"type": "data", "array": [half], "color": pen.colour, "thickness": 1.4, "width": 3},
                 "customdata": [half], "marker": {"symbol": symbol, "size": 9, "color": pen.colour,
                                                  "line": {"color": pen.colour, "width": 1.6}},
                 "hovertemplate": f"{words}: %{{x:.3g}} ± %{{customdata:.2g}} nat<extra></extra>"}
            )  # fmt: skip
    zero = {"type": "line", "xref": "x", "x0": 0, "x1": 0, "yref": "paper", "y0": 0, "y1": 1,
            "line": {"color": "#1A1A1A", "width": 1, "dash": "dot"}}  # fmt: skip
    return Figure(
        key="routes",
        title="One budget by several routes",
        caption=(
            "At the last record. The plug-in is biased in small designs, up by noise and down by the cap; to first "
            "order, and by a jackknife of each entropy, the bias is taken out; the matched-size contrast is exactly 0 "
            "in expectation where datasets make no difference. Routes that part are a warning. Bars: 95 %."
        ),
        data=data,
        layout=layout(
            axis("part of the budget", tickvals=list(range(len(found) - 1, -1, -1)), ticktext=names,
                 range=[-0.55, len(found) - 0.45], showgrid=False, zeroline=False),
            x=axis("information at the end (nat per probe input)", rangemode="tozero"),
            right=16, shapes=[zero], **LEGEND, hovermode="closest",
        ),
        along_steps=False,
    )  # fmt: skip
