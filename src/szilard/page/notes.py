"""What is written and ruled upon panels: names at the ends of curves, rules with their meaning, headings, notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from szilard.page.safe import escape, prose
from szilard.page.style import INK, Pen

RULE, SAID = "#6B7280", "#4B5563"
"""The grey of rules, and of their words."""
PAPER = "rgba(255,255,255,0.8)"
"""Behind words that stand upon marks."""
Annotation = dict[str, Any]
Shape = dict[str, Any]


@dataclass(frozen=True, slots=True)
class End:
    """A name at the right end of a curve.

    Attributes:
        text: the name.
        height: of the curve's end, in the panel's own unit.
        colour: of the curve.
    """

    text: str
    height: float
    colour: str


def apart(heights: Sequence[float], span: tuple[float, float], least: float) -> list[float]:
    """Heights pushed apart until names there do not overlap, as near to where they were as that goes.

    Args:
        heights: from the lowest to the highest, in the axis's coordinate.
        span: lowest and highest height of the panel.
        least: distance between two names, as a share of the panel.
    """
    gap = least * (span[1] - span[0])
    placed = list(heights)
    for _ in range(50):
        for i in range(len(placed) - 1):
            overlap = gap - (placed[i + 1] - placed[i])
            if overlap > 0:
                placed[i] -= overlap / 2
                placed[i + 1] += overlap / 2
        placed = [min(max(height, span[0] + gap / 2), span[1] - gap / 2) for height in placed]
    return placed


def name_at_end(text: str, colour: str, x: float, height: float, axis: str) -> Annotation:
    """To the right of a panel that ends at ``x`` of the page; the height in the coordinate of ``axis``."""
    return {
        "text": escape(text),
        "x": x,
        "xref": "paper",
        "xanchor": "left",
        "xshift": 6,
        "y": height,
        "yref": axis,
        "yanchor": "middle",
        "showarrow": False,
        "font": {"color": colour, "size": 13},
        "align": "left",
    }


def title(letter: str, text: str, left: float, top: float) -> Annotation:
    """A panel's letter and words, above a panel that begins at ``left`` and ends at ``top`` of the page."""
    return {"text": f"<b>{escape(letter)}</b>  {escape(text)}", "xref": "paper", "x": left, "xanchor": "left",
            "yref": "paper", "y": top + 0.012, "yanchor": "bottom", "showarrow": False,
            "font": {"size": 14, "color": INK}}  # fmt: skip


def words(
    text: str, x: tuple[float, str], y: tuple[float, str], colour: str = "", *, size: float = 12, side: str = "right",
    level: str = "middle", shift: tuple[float, float] = (0, 0), bold: bool = False, backed: bool = False,
) -> Annotation:  # fmt: skip
    """Words at a place.

    Args:
        text: plain.
        x: coordinate, and the axis that it is of.
        y: likewise.
        colour: ink where it is empty.
        size: of the letters.
        side: of the place on which they stand: ``"left"``, ``"right"`` or ``"centre"``.
        level: ``"above"``, ``"middle"`` or ``"below"`` the place.
        shift: pixels to the right and upwards.
        bold: whether they are.
        backed: whether what lies behind them is dimmed.
    """
    shown = escape(text)
    anchors = {"left": "right", "right": "left", "centre": "center"}
    levels = {"above": "bottom", "middle": "middle", "below": "top"}
    found: Annotation = {
        "text": f"<b>{shown}</b>" if bold else shown, "x": x[0], "xref": x[1], "xanchor": anchors[side],
        "y": y[0], "yref": y[1], "yanchor": levels[level], "showarrow": False,
        "font": {"size": size, "color": colour} if colour else {"size": size},
    }  # fmt: skip
    if shift != (0, 0):
        found |= {"xshift": shift[0], "yshift": shift[1]}
    return found | ({"bgcolor": PAPER} if backed else {})


def stroke(x: tuple[float, float, str], y: tuple[float, float, str], colour: str, dash: str, width: float) -> Shape:
    """A straight line between two places; of each coordinate both ends, and the axis that they are of."""
    return {"type": "line", "x0": x[0], "x1": x[1], "xref": x[2], "y0": y[0], "y1": y[1], "yref": y[2],
            "line": {"color": colour, "width": width, "dash": dash}}  # fmt: skip


def shaded(low: float, high: float, across: str, axis: str) -> Shape:
    """A grey band between two heights, behind the marks."""
    return {"type": "rect", "xref": across, "x0": 0, "x1": 1, "yref": axis, "y0": low, "y1": high, "line": {"width": 0},
            "fillcolor": "rgba(107,114,128,0.13)", "layer": "below"}  # fmt: skip


def ring(x: tuple[float, str], y: tuple[float, str], radius: float, pen: Pen) -> Shape:
    """A circle about a place, on axes of one scale; of each coordinate the value, and the axis that it is of."""
    line = {"color": pen.colour, "width": pen.width, "dash": pen.dash}
    return {"type": "circle", "x0": x[0] - radius, "x1": x[0] + radius, "xref": x[1], "y0": y[0] - radius,
            "y1": y[0] + radius, "yref": y[1], "line": line}  # fmt: skip


def pointing(
    name: str, text: str, x: tuple[float, str], y: tuple[float, str], colour: str, *, above: bool, side: str
) -> Annotation:
    """A name and words with a line to the place that they are about, above it or below."""
    anchors = {"left": "right", "right": "left", "centre": "center"}
    return {"text": f"<b>{escape(name)}</b>{prose(text)}", "x": x[0], "xref": x[1], "y": y[0], "yref": y[1],
            "showarrow": True, "arrowhead": 0, "arrowwidth": 1, "arrowcolor": colour, "ax": 0,
            "ay": -48 if above else 48, "standoff": 9, "xanchor": anchors[side],
            "font": {"color": colour, "size": 13}, "bgcolor": PAPER}  # fmt: skip
