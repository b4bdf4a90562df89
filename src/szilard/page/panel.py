"""One panel of a plot: the marks, rules and words that are put on it, in the units of its axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from szilard.estimate import Estimate
from szilard.page import distributions, marks, notes
from szilard.page.axes import Axis, Span
from szilard.page.curve import Curve
from szilard.page.marks import Trace
from szilard.page.notes import RULE, SAID, Annotation, End, Shape
from szilard.page.style import Pen
from szilard.verdicts.bounds import LEVEL

DOTTED = Pen(RULE, "dot", 1)
"""A rule."""


class Panel:
    """A panel in the making; :meth:`szilard.page.plot.Plot.panel` makes it.

    Attributes:
        y: its axis.
        x: its own x axis; None where it shares that of the plot.
        span: of its y axis, which may be set once the marks are there.
        apart: least distance between names at the ends of curves, as a share of the panel.
    """

    def __init__(self, traces: list[Trace], number: int, y: Axis, x: Axis | None, shared: Axis) -> None:
        self.y, self.x, self.span, self.apart = y, x, y.span, 0.075
        self.notes: list[Annotation] = []
        self.shapes: list[Shape] = []
        self._ends: list[End] = []
        self._title = ("", "")
        self._traces = traces
        self._across = shared if x is None else x
        key = "" if number == 1 else str(number)
        self._axis = f"y{key}"
        self._x_axis = "x" if x is None else f"x{key}"

    def line(self, curve: Curve, name: str, pen: Pen, *, end: str = "", **look: Any) -> None:
        """A curve with its band; ``end`` names it at its end; for the look see :func:`szilard.page.marks.line`."""
        self._add(*marks.line(curve, name, pen, **look))
        if end and len(curve):
            self.end(end, float(curve.values[-1]), pen.colour)

    def points(
        self, x: Any, y: Any, name: str, pen: Pen, symbol: Any = "circle", *, end: str = "", **look: Any
    ) -> None:
        """Markers with bars; ``end`` names them at the last; for the look see :func:`szilard.page.marks.points`."""
        self._add(marks.points(x, y, name, pen, symbol, **look))
        if end and len(y):
            self.end(end, float(y[-1]), pen.colour)

    def estimates(
        self, x: Any, estimates: Sequence[Estimate], name: str, pen: Pen, symbol: Any = "circle", *,
        bars: bool = True, scale: float = 1.0, **look: Any,
    ) -> None:  # fmt: skip
        """Estimates, times ``scale``, as points with 95 % intervals, which only the pointer tells without ``bars``."""
        values = scale * np.array([each.value for each in estimates], dtype=float)
        half = scale * np.array([each.interval(LEVEL)[1] - each.value for each in estimates], dtype=float)
        self.points(x, values, name, pen, symbol, half=half, **look)
        if not bars:
            del self._traces[-1]["error_y"]

    def reference(self, x: Any, y: Any, name: str, pen: Pen, *, end: str = "", **look: Any) -> None:
        """A line to compare with; ``end`` names it at its end."""
        self._add(marks.reference(x, y, name, pen, **look))
        if end and len(y):
            self.end(end, float(y[-1]), SAID)

    def between(self, x: Any, low: Any, high: Any, pen: Pen, *, share: float = 0.16) -> None:
        """The area between two curves."""
        self._add(*marks.between(x, low, high, pen, share=share))

    def crowd(self, curves: Sequence[Curve], pen: Pen, *, opacity: float | None = None) -> None:
        """Many curves, none of which has a name."""
        self._add(marks.crowd(curves, pen, opacity=opacity))

    def dots(self, x: Any, y: Any, colour: str, *, text: Sequence[str], unit: str) -> None:
        """Many small points, each with what it is under the pointer."""
        self._add(distributions.dots(x, y, colour, text=text, unit=unit))

    def diamond(self, x: float, y: float, pen: Pen) -> None:
        """One point that matters, set on its curve."""
        self._add(marks.diamond(x, y, pen))

    def words(self, x: float, y: float, text: str, colour: str, side: str) -> None:
        """Words to the ``"left"`` or ``"right"`` of a point, which move with it when the reader switches the axis."""
        self._add(marks.words(x, y, text, colour, side))

    def heads(self, x: Any, steps: Any) -> None:
        """The training step at the head of what the pointer shows, in a panel that has its span."""
        low, high = self.span or (0.0, 1.0)
        self._add(marks.heads(x, 0.5 * (low + high), steps))

    def cloud(self, x: Any, y: Any, name: str, colour: str) -> None:
        """Many points, none of which has a name."""
        self._add(distributions.cloud(x, y, name, colour))

    def picture(self, grey: np.ndarray) -> None:
        """Grey values from 0 (white) to 100 (black), NaN for nothing; shape ``(height, width)``."""
        self._add(distributions.picture(grey))

    def histogram(self, edges: np.ndarray, counts: np.ndarray, name: str, colour: str, **told: str) -> None:
        """Counts between edges as bars; for what is told see :func:`szilard.page.distributions.bars`."""
        self._add(distributions.bars(edges, counts, name, colour, **told))

    def put(self, *traces: Trace) -> None:
        """Any other marks of :mod:`szilard.page.marks`."""
        self._add(*traces)

    def end(self, text: str, height: float, colour: str) -> None:
        """A name at the right end of a curve."""
        self._ends.append(End(text, height, colour))

    def heading(self, text: str, *, below: bool = False) -> None:
        """The panel's own words: in its upper left corner, or in the middle of its lower edge."""
        if below:
            self.corner(text, 0.5, 0.03, side="centre", level="above", size=13, bold=True, backed=True)
        elif self.x is None:
            self.corner(text, 0.01, 0.97, level="below", size=13, bold=True, backed=True)
        else:
            self.corner(text, 0.02, 0.98, level="below", bold=True, backed=True)

    def title(self, letter: str, text: str) -> None:
        """The panel's letter and words, above it."""
        self._title = (letter, text)

    def rule(
        self, height: float, text: str = "", pen: Pen = DOTTED, *, right: bool = False, level: str = "above",
        size: float = 11, colour: str = SAID, inset: float = 0.01,
    ) -> None:  # fmt: skip
        """A line across the panel at a height, with its meaning near its left end (``inset`` away), or its right."""
        if self.y.log and not height > 0:
            return  # a logarithmic axis has no such place
        look = (pen.colour, pen.dash, pen.width)
        self.shapes.append(notes.stroke((0, 1, self._width), (height, height, self._axis), *look))
        if text:
            x, side = (1 - inset, "left") if right else (inset, "right")
            place = ((x, self._width), self._at(height))
            self.notes.append(notes.words(text, *place, colour, size=size, side=side, level=level))

    def upright(self, x: float, text: str = "", pen: Pen = DOTTED, *, behind: bool = False) -> None:
        """A line through the panel from top to bottom, with its meaning at its upper end."""
        shape = notes.stroke((x, x, self._x_axis), (0, 1, self._height), pen.colour, pen.dash, pen.width)
        self.shapes.append({**shape, "layer": "below"} if behind else shape)
        if text:
            self.notes.append(notes.words(text, self._upon(x), (0.98, self._height), SAID, level="below"))

    def stroke(self, x: Span, y: Span, pen: Pen) -> None:
        """A straight line between two places."""
        self.shapes.append(notes.stroke((*x, self._x_axis), (*y, self._axis), pen.colour, pen.dash, pen.width))

    def band(self, low: float, high: float) -> None:
        """A grey band across the panel between two heights."""
        self.shapes.append(notes.shaded(low, high, self._width, self._axis))

    def note(self, text: str, x: float, y: float, colour: str = "", **look: Any) -> None:
        """Words at a place of the panel; for the look see :func:`szilard.page.notes.words`."""
        self.notes.append(notes.words(text, self._upon(x), self._at(y), colour, **look))

    def ring(self, x: float, y: float, radius: float, pen: Pen) -> None:
        """A circle about a place, on axes of one scale."""
        self.shapes.append(notes.ring((x, self._x_axis), (y, self._axis), radius, pen))

    def pointing(self, name: str, text: str, x: float, y: float, colour: str, **look: Any) -> None:
        """A name and words with a line to the place that they are about; see :func:`szilard.page.notes.pointing`."""
        self.notes.append(notes.pointing(name, text, self._upon(x), self._at(y), colour, **look))

    def over(self, text: str, x: float, colour: str = "", **look: Any) -> None:
        """Words at the panel's upper edge."""
        self.notes.append(notes.words(text, self._upon(x), (1.0, self._height), colour, **look))

    def aside(self, text: str, height: float, colour: str = "", **look: Any) -> None:
        """Words at the panel's left edge, at a height."""
        self.notes.append(notes.words(text, (0.01, self._width), self._at(height), colour, **look))

    def corner(self, text: str, x: float, y: float, colour: str = "", **look: Any) -> None:
        """Words at a share of the panel's width and height."""
        self.notes.append(notes.words(text, (x, self._width), (y, self._height), colour, **look))

    def placed(self, left: float, right: float, top: float) -> list[Annotation]:
        """All its words, where it takes the page from ``left`` to ``right`` (shares of the width) and up to ``top``."""
        letter, text = self._title
        above = [notes.title(letter, text, left, top)] if text else []
        return [*self._names(right), *self.notes, *above]

    def _names(self, right: float) -> list[Annotation]:
        """The names at the ends of curves."""
        known = [each for each in self._ends if math.isfinite(each.height) and (each.height > 0 or not self.y.log)]
        if not known:
            return []
        if self.span is None:
            raise ValueError(f"the panel {self.y.title!r} has names at the ends of curves: give it a span.")
        known.sort(key=lambda each: each.height)
        span = (self._at(self.span[0])[0], self._at(self.span[1])[0])
        heights = notes.apart([self._at(each.height)[0] for each in known], span, self.apart)
        return [
            notes.name_at_end(each.text, each.colour, right, height, self._axis)
            for each, height in zip(known, heights, strict=True)
        ]

    @property
    def _width(self) -> str:
        """What shares of the panel's width are of."""
        return "paper" if self.x is None else f"{self._x_axis} domain"

    @property
    def _height(self) -> str:
        """What shares of its height are of."""
        return f"{self._axis} domain"

    def _at(self, height: float) -> tuple[float, str]:
        """A height as annotations want it."""
        return (math.log10(height) if self.y.log else height), self._axis

    def _upon(self, x: float) -> tuple[float, str]:
        """A place along the x axis as annotations want it."""
        return (math.log10(x) if self._across.log else x), self._x_axis

    def _add(self, *traces: Trace) -> None:
        axes = {"yaxis": self._axis} if self.x is None else {"xaxis": self._x_axis, "yaxis": self._axis}
        self._traces += [{**trace, **axes} for trace in traces]
