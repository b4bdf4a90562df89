"""What the figures of an ensemble share: named curves, heights that hold them, and the step under the pointer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from szilard.page.axes import spread
from szilard.page.curve import Curve
from szilard.page.drawing import label_ends, line
from szilard.page.style import Pen
from szilard.studies.ensemble.figures.view import View

Quantity = tuple[str, str, str, Pen]
"""Column, words, one word for its end, and pen."""

ROOM = 1.5
"""Bands may make a panel so many times higher than its curves; what is wider than that is cut at its edge."""


class Named(NamedTuple):
    """A curve with its name in words, in one word, and its pen."""

    curve: Curve
    words: str
    short: str
    pen: Pen


def named(view: View, quantities: Sequence[Quantity]) -> list[Named]:
    """The quantities of the ensemble that are known."""
    return [Named(view.curve(name), words, short, pen) for name, words, short, pen in quantities if view.has(name)]


def lines(curves: Sequence[Named], *, unit: str = "nat", panel: int = 1, markers: bool = False) -> list[dict[str, Any]]:
    """Every curve with its band."""
    return [
        trace
        for each in curves
        for trace in line(each.curve, each.words, each.pen, unit=unit, panel=panel, markers=markers)
    ]


def ends(curves: Sequence[Named], span: tuple[float, float], panel: int = 1) -> list[dict[str, Any]]:
    """Every curve's name at its end."""
    return label_ends([(each.short, float(each.curve.values[-1]), each.pen.colour) for each in curves], span, panel)


def span_of(*curves: Curve, zero: bool = True) -> tuple[float, float]:
    """The heights of a panel: every value, and their bands as far as these do not dwarf them.

    Args:
        curves: to be drawn in the panel.
        zero: whether zero must be seen.
    """
    low, high = spread(*(curve.values for curve in curves), *([[0.0]] if zero else []))
    room = 0.5 * ROOM * (high - low)
    bottom, top = spread(*(curve.low for curve in curves), *(curve.high for curve in curves), [low, high], pad=0.03)
    return max(bottom, low - room), min(top, high + room)


def reading(view: View, *spans: tuple[float, float]) -> list[dict[str, Any]]:
    """Invisible marks that put the training step at the head of what a reader sees under the pointer.

    Only needed where step 0 does not stand at 0.

    Args:
        view: of the record.
        spans: lowest and highest height of each panel.
    """
    if not view.logarithmic:
        return []
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": "step",
            "x": view.positions,
            "y": np.full(view.record.records, 0.5 * (low + high)),
            "yaxis": "y" if panel == 1 else f"y{panel}",
            "customdata": view.record.steps,
            "marker": {"opacity": 0, "size": 1},
            "hovertemplate": "%{customdata:,d}",
            "showlegend": False,
        }
        for panel, (low, high) in enumerate(spans, start=1)
    ]
