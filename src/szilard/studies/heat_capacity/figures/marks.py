"""How states and layers look everywhere."""

from __future__ import annotations

from szilard.page.marks import JOINED
from szilard.page.style import BLUE, GREEN, GREY, ORANGE, PURPLE, VERMILLION, Pen

LOOKS = (
    (Pen(BLUE, width=JOINED), "circle"),
    (Pen(VERMILLION, width=JOINED), "square"),
    (Pen(GREEN, width=JOINED), "diamond"),
    (Pen(PURPLE, width=JOINED), "triangle-up"),
    (Pen(ORANGE, width=JOINED), "cross"),
)
IDEAL = Pen(GREY, "dot", 1.4)
"""What equipartition would give."""


def look(place: int) -> tuple[Pen, str]:
    """Pen and symbol of a rate, a layer or a panel, by its place."""
    return LOOKS[place % len(LOOKS)]
