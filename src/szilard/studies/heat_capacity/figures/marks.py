"""How states and layers look everywhere, and their points with 95 % intervals."""

from __future__ import annotations

from typing import Any

import numpy as np

from szilard.estimate import Estimate
from szilard.page.drawing import points
from szilard.page.style import BLUE, GREEN, ORANGE, PURPLE, VERMILLION, Pen
from szilard.verdicts.bounds import LEVEL

COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE)
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross")


def marks(
    x: Any, estimates: list[Estimate], name: str, place: int, *, panel: int = 1, scale: float = 1.0, hover: str = "",
    joined: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Markers with error bars, in the colour and shape of their place."""
    values = scale * np.array([each.value for each in estimates])
    half = scale * np.array([(each.interval(LEVEL)[1] - each.value) for each in estimates])
    pen = Pen(COLOURS[place % len(COLOURS)])
    return points(x, values, half, name, pen, SYMBOLS[place % len(SYMBOLS)], panel=panel, hover=hover, joined=joined)
