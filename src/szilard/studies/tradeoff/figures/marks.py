"""How numbers of updates, sampler steps and chains look everywhere."""

from __future__ import annotations

from typing import Any

from szilard.estimate import Estimate
from szilard.page.axes import Axis, widened
from szilard.page.panel import Panel
from szilard.page.style import BLUE, VERMILLION, Pen, blended
from szilard.studies.tradeoff.reading import TradeOffReading, chains_in_words

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "star", "hexagon", "pentagon")


def colour(place: int, count: int) -> str:
    """From vermillion, the largest updates, by way of mauve to blue, the smallest."""
    return blended((VERMILLION, "#B07AA1", BLUE), place / max(count - 1, 1))


def symbol(place: int) -> str:
    """The marker of a number of sampler steps, by its place among them."""
    return SYMBOLS[place % len(SYMBOLS)]


def draw(
    panel: Panel, x: Any, estimates: list[Estimate], name: str, shade: str, *, dash: str = "solid", **look: Any
) -> None:
    """Points with 95 % intervals, joined; for the look see :meth:`~szilard.page.panel.Panel.estimates`."""
    pen, edge = Pen(shade, dash, 2), Pen("white", width=1)
    panel.estimates(x, estimates, name, pen, joined=True, size=9, edge=edge, digits=4, **look)


def sampler_axis(reading: TradeOffReading) -> Axis:
    """The axis of τ: logarithmic, with a mark at each of its values."""
    steps = reading.sampler_steps
    return Axis("sampler steps after each update τ", log=True, span=widened(steps[0], steps[-1], 1.15), at=steps,
                called=[f"{tau}" for tau in steps])  # fmt: skip


def called(chains: int | None) -> str:
    """What a panel of these chains is called."""
    return "infinitely many chains: no noise" if chains is None else chains_in_words(chains)
