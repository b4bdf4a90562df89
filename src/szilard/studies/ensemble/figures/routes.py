"""Routes: the same informations by different estimators at the last record."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import Axis
from szilard.page.plot import Plot
from szilard.page.style import INK, Figure, Pen
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
    y = Axis("part of the budget", at=range(len(found) - 1, -1, -1), called=[short for _, _, short, _ in found],
             span=(-0.55, len(found) - 0.45), grid=False, zero_line=False)  # fmt: skip
    x = Axis("information at the end (nat per probe input)", from_zero=True)
    plot = Plot(x, legend="above", closest=True)
    panel = plot.panel(y)
    for number, (suffix, words, symbol) in enumerate(ROUTES):
        if any(reading.known(f"{name}{suffix}") for name, *_ in found):
            plot.key(words, symbol, INK)
        for place, (name, _, _, pen) in enumerate(found):
            estimate = reading.known(f"{name}{suffix}")
            if estimate is None:
                continue
            half, height = np.nan_to_num(reading.half_widths[-1] * float(estimate.error)), 0.3 - 0.15 * number
            panel.points([estimate.value], [len(found) - 1 - place + height], words, pen, symbol, across=[half],
                         size=9, edge=pen.at(1.6), unit="nat")  # fmt: skip
    panel.upright(0, pen=Pen(INK, "dot", 1))
    return plot.figure(
        "routes",
        "One budget by several routes",
        "At the last record. The plug-in is biased in small designs, up by noise and down by the cap; to first "
        "order, and by a jackknife of each entropy, the bias is taken out; the matched-size contrast is exactly 0 "
        "in expectation where datasets make no difference. Routes that part are a warning. Bars: 95 %.",
    )
