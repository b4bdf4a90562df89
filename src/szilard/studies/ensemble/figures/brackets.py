"""Brackets: how far the number of runs pins the informations down, and where it caps them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from szilard.page.axes import axis, layout, rule
from szilard.page.curve import Curve
from szilard.page.drawing import between, label_ends, line
from szilard.page.style import Figure, Pen
from szilard.studies.ensemble.figures.marks import (
    LEVELS,
    WHOLE,
    curve_of,
    drawn,
    has_curve,
    span_of,
    step_heads,
    x_axis,
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
    data, axes, notes, shapes, spans = [], [], [], [], []
    for panel, (name, words, short, pen) in enumerate(found, start=1):
        low, high = (_possible(reading, curve_of(reading, f"{name}_{end}")) for end in ("lower", "upper"))
        middle = curve_of(reading, name)
        span = span_of(Curve(low.steps, low.values), Curve(high.steps, high.values), Curve(middle.steps, middle.values))
        data += between(low.steps, low.values, high.values, pen, panel=panel, share=0.22)
        data += line(Curve(middle.steps, middle.values), words, pen, unit="nat", panel=panel)
        data += _saturated(reading, name, middle, pen, panel)
        cap = _cap(reading, name)
        if cap is not None and cap[0] < NEAR * float(np.nanmax(high.values)):
            span = (span[0], max(span[1], 1.08 * cap[0]))
            shape, note = rule(cap[0], cap[1], panel)
            shapes.append(shape)
            notes.append(note)
        spans.append(span)
        axes.append(axis(f"{short} (nat)", range=list(span)))
        notes += label_ends([(short, float(middle.values[-1]), pen.colour)], span, panel)
    return Figure(
        key="brackets",
        title="Brackets: what so many runs can pin down",
        caption=(
            "Shaded: the bracket. A mixture that includes the member itself bounds from below, one that leaves its "
            "whole cluster out from above, both in expectation; drawn within 0 and ln C. Dotted: the most that so many "
            "runs can show. Crosses: saturated, the bracket being as wide as the value: then it alone means something."
        ),
        data=[*data, *step_heads(reading, *spans)],
        layout=layout(*axes, x=x_axis(reading), right=84, shapes=shapes, annotations=notes),
        panels=len(found),
    )


def _possible(reading: EnsembleReading, curve: Curve) -> Curve:
    """Within 0 and ln C, outside which no information lies."""
    return Curve(curve.steps, reading.possible(curve.values))


def _saturated(reading: EnsembleReading, name: str, curve: Curve, pen: Pen, panel: int) -> list[dict[str, Any]]:
    """Crosses where the flag is set."""
    flag = f"{name}_saturated"
    if flag not in reading.rows:
        return []
    values = np.where(reading.column(flag) == 1, reading.column(name), np.nan)
    set_ = drawn(reading, values)
    if not len(set_):
        return []
    return [{"type": "scatter", "mode": "markers", "name": "saturated", "x": set_.steps, "y": set_.values,
             "yaxis": "y" if panel == 1 else f"y{panel}", "hoverinfo": "skip", "showlegend": False,
             "marker": {"symbol": "x-thin", "size": 8, "line": {"color": pen.colour, "width": 2}}}]  # fmt: skip


def _cap(reading: EnsembleReading, name: str) -> tuple[float, str] | None:
    """The most that a plug-in can show: the logarithm of how many there are of the level."""
    if name == "l_info":
        count, symbol = reading.counted, "members"
    else:
        level = name.removeprefix("info_")
        count, symbol = reading.count(level), f"{level}s"
    return (math.log(count), f"at most ln {count} ({count} {symbol})") if count > 1 else None
