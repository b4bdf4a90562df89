"""Brackets: how far the number of runs pins the informations down, and where it caps them."""

from __future__ import annotations

import math

import numpy as np

from szilard.page.curve import Curve
from szilard.page.panel import Panel
from szilard.page.style import Figure, Pen
from szilard.studies.ensemble.figures.marks import (
    LEVELS,
    WHOLE,
    curve_of,
    drawn,
    has_curve,
    plot_of,
    span_of,
    step_heads,
)
from szilard.studies.ensemble.reading import EnsembleReading

NEAR = 2.0
"""The cap of a plug-in is drawn where the curves come as near to it as this factor."""


def figure(reading: EnsembleReading) -> Figure | None:
    """A panel for each level that has a bracket; None for none."""
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
