"""How batch sizes look everywhere."""

from __future__ import annotations

from szilard.page.style import BLUE, GREEN, ORANGE, PURPLE, VERMILLION, Pen

PENS = (Pen(VERMILLION), Pen(BLUE, "dash"), Pen(GREEN, "dot"), Pen(PURPLE, "dashdot"), Pen(ORANGE, "longdash"))
"""Of the batch sizes, from the smallest."""


def pen_of(batch: int) -> Pen:
    """The colour and dash of a batch size, by its place."""
    return PENS[batch % len(PENS)]
