"""How things look everywhere: the palette, the pen, and what a figure is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

BLUE, VERMILLION, GREEN, PURPLE, ORANGE, BLACK = (
    "#0072B2", "#D55E00", "#009E73", "#A44A7F", "#A87400", "#1A1A1A",
)  # fmt: skip
"""Okabe and Ito's colours; purple and orange darkened until a label in them can be read on white."""

INK, GRID = "#1A1A1A", "#E3E6EA"
GREY, PALE = "#6B7280", "#9AA1AB"
"""Of what is drawn to compare with."""


@dataclass(frozen=True, slots=True)
class Pen:
    """How one quantity is drawn everywhere: a colour and a dash, so that grey print tells curves apart too.

    Attributes:
        colour: as ``#RRGGBB``.
        dash: ``solid``, ``dash``, ``dot``, ``dashdot`` or ``longdash``.
        width: of its line, in pixels.
    """

    colour: str
    dash: str = "solid"
    width: float = 2.2

    def at(self, width: float) -> Pen:
        """The same pen at another width, in pixels."""
        return Pen(self.colour, self.dash, width)


@dataclass(slots=True)
class Figure:
    """One figure of the page.

    Attributes:
        key: its identifier in the page.
        title: in a few words.
        caption: what to see, in a sentence or three of plain text.
        data: Plotly traces.
        layout: Plotly layout.
        along_steps: whether its x axes are training steps, which the reader may switch to logarithms.
        panels: stacked panels, which make it taller.
        wide: whether it takes the page's whole width.
        frames: alternatives among which the reader chooses with a slider: label and (data, layout) of each.
        narrow: the layout on screens too narrow for the other; None where one does for all.
        narrow_panels: stacked panels there.
        html: what stands in the plot's place, for samples that are read; already safe.
        tall: pixels of height, where panels do not tell it; None: as panels tell.
        narrow_tall: likewise on narrow screens.
    """

    key: str
    title: str
    caption: str
    data: list[dict[str, Any]]
    layout: dict[str, Any]
    along_steps: bool = True
    panels: int = 1
    wide: bool = False
    frames: list[dict[str, Any]] = field(default_factory=list)
    narrow: dict[str, Any] | None = None
    narrow_panels: int = 1
    html: str = ""
    tall: int | None = None
    narrow_tall: int | None = None


def blended(stops: Sequence[str], share: float) -> str:
    """The colour at a share of the way through these colours.

    Example:
        >>> blended(("#000000", "#FF0000"), 0.5)
        '#800000'
    """
    place = min(max(share, 0.0), 1.0) * (len(stops) - 1)
    first = min(int(place), len(stops) - 2)
    one, two = ([int(stops[each][i : i + 2], 16) for i in (1, 3, 5)] for each in (first, first + 1))
    return "#" + "".join(f"{round(a + (b - a) * (place - first)):02X}" for a, b in zip(one, two, strict=True))


def faded(colour: str, share: float = 0.16) -> str:
    """A colour made transparent."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share})"
