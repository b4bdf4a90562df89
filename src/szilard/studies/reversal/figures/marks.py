"""How rates, starts and layers look everywhere, and curves with the range over seeds."""

from __future__ import annotations

from typing import Any

import numpy as np

from szilard.page.axes import Axis, widened
from szilard.page.curve import Curve
from szilard.page.panel import Panel
from szilard.page.style import BLUE, GREEN, ORANGE, PURPLE, VERMILLION, Pen, blended

COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE)
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross")
"""Of starts and of layers."""

SIZE = 7
"""Of the markers."""
MOST = 10.0
"""A path that misses by more than so many times its way has nothing more to show."""


def shade(place: int, count: int) -> str:
    """From vermillion (the first) to blue (the last), by way of grey."""
    return blended((VERMILLION, "#969696", BLUE), place / max(count - 1, 1))


def medians(x: Any, y: Any) -> Curve:
    """Medians over seeds along anything, with gaps where they are not finite."""
    return Curve(np.asarray(x), np.where(np.isfinite(y), y, np.nan))


def ribbon(panel: Panel, x: Any, values: np.ndarray, pen: Pen) -> None:
    """The range over seeds (first dimension) as a band; nothing where some is not finite."""
    if np.isfinite(values).all():
        panel.between(x, values.min(0), values.max(0), pen)


def rate_of(place: int) -> str:
    """A rate as a share of the training's own, such as ``r/4``; ``place`` counts the halvings."""
    return "r" if place == 0 else f"r/{2**place}"


def rate_axis(rates: np.ndarray) -> Axis:
    """The learning rates of the paths, logarithmic."""
    return Axis("learning rate r", log=True, span=widened(float(rates.min()), float(rates.max())))


def when(start: int) -> str:
    """A start in words, to be read after what begins there."""
    return "from the initialisation" if start == 0 else f"from step {start:,}"
