"""How far the budget is to be trusted: brackets, routes, and a contrast that is unbiased at zero."""

from __future__ import annotations

import math

import numpy as np

from szilard.page.axes import Axis
from szilard.page.curve import Curve
from szilard.page.panel import Panel
from szilard.page.plot import Plot
from szilard.page.style import BLUE, INK, PURPLE, Figure, Pen
from szilard.studies.ensemble.figures.marks import (
    DATASET,
    LEVELS,
    WHOLE,
    curve_of,
    draw,
    drawn,
    has_curve,
    named,
    plot_of,
    span_of,
    step_heads,
)
from szilard.studies.ensemble.reading import EnsembleReading

NEAR = 2.0
"""The cap of a plug-in is drawn where the curves come as near to it as this factor."""


def brackets(reading: EnsembleReading) -> Figure | None:
    """Brackets: how far the number of runs pins the informations down, and where it caps them.

    A panel for each level that has a bracket; None for none.
    """
    levels = [*LEVELS, WHOLE]
    found = [level for level in levels if has_curve(reading, level[0], f"{level[0]}_lower", f"{level[0]}_upper")]
    if not found:
        return None
    plot = plot_of(reading, right=84)
    for name, words, short, pen in found:
        low, high = (_possible(reading, curve_of(reading, f"{name}_{end}")) for end in ("lower", "upper"))
        middle = curve_of(reading, name)
        bare = [Curve(each.steps, each.values) for each in (low, high, middle)]
        span = span_of(*bare)
        panel = plot.panel(f"{short} (nat)", span=span)
        panel.between(low.steps, low.values, high.values, pen, share=0.22)
        panel.line(bare[-1], words, pen, unit="nat", end=short)
        _saturated(reading, panel, name, pen)
        cap = _cap(reading, name)
        if cap is not None and cap[0] < NEAR * float(np.nanmax(high.values)):
            panel.span = (span[0], max(span[1], 1.08 * cap[0]))
            panel.rule(*cap)
    step_heads(reading, plot.panels)
    return plot.figure(
        "brackets",
        "Brackets: what so many runs can pin down",
        "Shaded: the bracket. A mixture that includes the member itself bounds from below, one that leaves its "
        "whole cluster out from above, both in expectation; drawn within 0 and ln C. Dotted: the most that so many "
        "runs can show. Crosses: saturated, the bracket being as wide as the value: then it alone means something.",
    )


def _possible(reading: EnsembleReading, curve: Curve) -> Curve:
    """Within 0 and ln C, outside which no information lies."""
    return Curve(curve.steps, reading.possible(curve.values))


def _saturated(reading: EnsembleReading, panel: Panel, name: str, pen: Pen) -> None:
    """Crosses where the flag is set."""
    flag = f"{name}_saturated"
    if flag not in reading.rows:
        return
    found = drawn(reading, np.where(reading.column(flag) == 1, reading.column(name), np.nan))
    if len(found):
        panel.points(found.steps, found.values, "saturated", pen, "x-thin", edge=pen.at(2), quiet=True)


def _cap(reading: EnsembleReading, name: str) -> tuple[float, str] | None:
    """The most that a plug-in can show: the logarithm of how many there are of the level."""
    if name == "l_info":
        count, symbol = reading.counted, "members"
    else:
        level = name.removeprefix("info_")
        count, symbol = reading.count(level), f"{level}s"
    return (math.log(count), f"at most ln {count} ({count} {symbol})") if count > 1 else None


CONTRAST = (
    ("info_dataset", "reported", "reported", DATASET),
    ("info_dataset_contrast", "matched-size contrast", "contrast", Pen(BLUE)),
)
FLOOR = 1e-4
"""A p-value of 0 is drawn here."""


def effect(reading: EnsembleReading) -> Figure | None:
    """Whether the dataset matters at all: the contrast that is unbiased at zero, and the permutation test.

    None without the contrast.
    """
    if not has_curve(reading, "info_dataset_contrast"):
        return None
    curves = named(reading, CONTRAST)
    plot = plot_of(reading, right=84)
    draw(plot.panel("memorised (nat)", span=span_of(*(each.curve for each in curves))), curves)
    said = ""
    if has_curve(reading, "info_dataset_permutation_p"):
        p = np.maximum(reading.column("info_dataset_permutation_p"), FLOOR)
        panel = plot.panel("p-value", log=True, every=1, span=(min(float(np.nanmin(p)) / 10**0.3, 0.01), 10**0.15))
        panel.line(drawn(reading, p), "p", Pen(PURPLE), symbol="circle")
        panel.rule(0.05, "0.05")
        said = " Below: p of a permutation test, seeds shuffled across datasets; low where datasets do differ."
    step_heads(reading, plot.panels[:1])
    return plot.figure(
        "effect",
        "Does the sample matter at all?",
        "What was memorised, as reported and by the matched-size contrast: m members of m datasets against m of "
        f"one, exactly 0 in expectation where datasets make no difference.{said} Bands: 95 %.",
    )


ROUTES = (
    ("", "as reported", "diamond"),
    ("_plugin", "plug-in", "circle-open"),
    ("_first_order", "first order", "square-open"),
    ("_jackknife", "jackknife", "triangle-up-open"),
    ("_contrast", "contrast", "star-open"),
)


def routes(reading: EnsembleReading) -> Figure | None:
    """Routes: the same informations by different estimators at the last record.

    None where no level has two routes.
    """
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
