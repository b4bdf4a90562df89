"""Axes in words: title and unit, what is shown, where marks stand; and the spans that hold given numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from szilard.page.safe import escape, prose
from szilard.page.style import GRID, INK

STEP_TITLE = "training step"
Span = tuple[float, float]
"""Lowest and highest value shown, in the axis's own unit."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a plot.

    Attributes:
        title: what is drawn, with its unit in brackets.
        span: what is shown, the highest first where it is turned over; None for what the marks need.
        log: whether it is logarithmic.
        from_zero: whether zero is shown whatever the marks need.
        zero_line: whether there is a line at zero; None leaves it to Plotly.
        at: values that are marked; None for round numbers.
        called: what stands at each of them; None for the number itself.
        every: distance between marked round numbers, in powers of ten on a logarithmic axis; None for what suits the
            span.
        most: how many are marked at most; None for Plotly's choice.
        steps: whether it counts training steps, which have thousands commas.
        categories: names in their order, where it has these for values.
        one_scale: of a y axis, whether a unit is as long as on its x axis.
        shrinks: whether its panel becomes smaller, rather than its span larger, to keep one scale.
        grid: whether lines cross the panel.
        labelled: whether marks have numbers.
        ticked: whether marks are drawn.
        headed: of an x axis, whether its value stands above what the pointer shows.
        framed: whether it is drawn on both sides of the panel.
    """

    title: str = ""
    span: Span | None = None
    log: bool = False
    from_zero: bool = False
    zero_line: bool | None = None
    at: Sequence[float] | np.ndarray | None = None
    called: Sequence[str] | None = None
    every: float | None = None
    most: int | None = None
    steps: bool = False
    categories: Sequence[str] | None = None
    one_scale: bool = False
    shrinks: bool = False
    grid: bool = True
    labelled: bool = True
    ticked: bool = True
    headed: bool = True
    framed: bool = False

    def settings(self) -> dict[str, Any]:
        """The axis as Plotly reads it."""
        found: dict[str, Any] = {
            "title": {"text": prose(self.title), "standoff": 8, "font": {"size": 13}},
            "gridcolor": GRID,
            "zerolinecolor": "#B8BEC6",
            "linecolor": INK,
            "ticks": "outside" if self.ticked else "",
            "tickcolor": INK,
            "automargin": True,
            "exponentformat": "power",
        }
        if self.log:
            found["type"] = "log"
        if self.span is not None:
            found["range"] = [math.log10(end) for end in self.span] if self.log else list(self.span)
        return found | self._marks() | self._look()

    def _marks(self) -> dict[str, Any]:
        """Which values are marked, and what stands there."""
        found: dict[str, Any] = {}
        if self.every is not None:
            found["dtick"] = self.every
        elif self.log and self.span is not None and self.at is None:
            found |= _decades(*self.span)
        if self.at is not None:
            found["tickvals"] = list(self.at)
        if self.called is not None:
            found["ticktext"] = [escape(each) for each in self.called]
        if self.most is not None:
            found["nticks"] = self.most
        if self.steps:
            found["tickformat"] = ",d"
        if self.categories is not None:
            found |= {"type": "category", "categoryorder": "array", "categoryarray": list(self.categories)}
        return found

    def _look(self) -> dict[str, Any]:
        """What else differs from an axis as Plotly draws it."""
        found: dict[str, Any] = {} if self.zero_line is None else {"zeroline": self.zero_line}
        if self.from_zero:
            found["rangemode"] = "tozero"
        if not self.grid:
            found["showgrid"] = False
        if not self.labelled:
            found["showticklabels"] = False
        if self.one_scale:
            found |= {"scaleanchor": "x", "scaleratio": 1}
        if self.shrinks:
            found["constrain"] = "domain"
        if not self.headed:
            found["unifiedhovertitle"] = {"text": " "}
        if self.framed:
            found |= {"mirror": True, "showline": True}
        return found


def _decades(low: float, high: float) -> dict[str, Any]:
    """The marks of a logarithmic axis: some six powers of ten; 1, 2 and 5 where it spans two of them or less."""
    decades = abs(math.log10(high / low))
    if decades > 2:
        return {"dtick": max(1, round(decades / 6))}
    return {"dtick": "D2"} if decades > 0.5 else {}


def widened(low: float, high: float, pad: float = 1.25) -> Span:
    """A span a little widened in the logarithm."""
    return low / pad, high * pad


def positive(*arrays: Any) -> Span:
    """The least and the greatest of all positive finite values."""
    values = np.concatenate([np.asarray(array, dtype=float).ravel() for array in arrays])
    values = values[np.isfinite(values) & (values > 0)]
    return (float(values.min()), float(values.max())) if len(values) else (0.1, 1.0)


def spread(*arrays: Any, pad: float = 0.06, log: bool = False) -> Span:
    """The range of all finite values, a little widened; in the logarithm of the positive ones where ``log``."""
    values = np.concatenate([np.asarray(array, dtype=float).ravel() for array in arrays])
    if log:
        low, high = spread(np.log10(values[values > 0]), pad=pad)
        return 10**low, 10**high
    values = values[np.isfinite(values)]
    if not len(values):
        return (0.0, 1.0)
    low, high = float(values.min()), float(values.max())
    margin = pad * (high - low) or abs(high) * pad or 1.0
    return (low - margin, high + margin)


STEPS = Axis(STEP_TITLE, from_zero=True, steps=True)
"""Training steps, from 0 on."""
