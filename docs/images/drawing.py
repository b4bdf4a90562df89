"""What the pictures have in common: their look, bands, labels in words, and how they become files."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go

SCALE = 1.6
BLUE, VERMILLION, GREEN, INK, GREY = "#0072B2", "#D55E00", "#009E73", "#1A1A1A", "#5B6470"
"""Okabe and Ito's colours, which colour-blind readers can tell apart, and two inks."""


def faded(colour: str, share: float = 0.17) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share})"


def title(text: str) -> dict[str, Any]:
    return {"text": text, "standoff": 10}


def between(figure: go.Figure, x: Any, low: Any, high: Any, colour: str, share: float = 0.17, **axes: str) -> None:
    """The region from one curve to another."""
    around = {"x": np.concatenate([x, x[::-1]]), "y": np.concatenate([high, low[::-1]]), "fill": "toself"}
    figure.add_scatter(**around, fillcolor=faded(colour, share), line={"width": 0}, mode="lines", **axes)


def band(figure: go.Figure, x: Any, y: Any, half: Any, colour: str, **axes: str) -> None:
    """A curve with its 95 % band."""
    between(figure, x, y - half, y + half, colour, **axes)
    figure.add_scatter(x=x, y=y, mode="lines", line={"color": colour, "width": 3}, **axes)


def label(figure: go.Figure, text: str, x: float, y: float, colour: str, size: int = 17, **more: Any) -> None:
    where = {"xref": "paper", "xanchor": "left", "yref": "y", "yanchor": "middle", "align": "left", **more}
    figure.add_annotation(text=text, x=x, y=y, showarrow=False, font={"color": colour, "size": size}, **where)


def heading(figure: go.Figure, text: str, unit: str, x: float, y: float = 1.0) -> None:
    """A panel's statement, and below it the unit of its axis."""
    label(figure, f"<b>{text}</b>", x, y, INK, 20, yref="paper", yshift=42)
    label(figure, unit, x, y, GREY, 14, yref="paper", yshift=13)


def dressed(figure: go.Figure, width: int, height: int) -> go.Figure:
    """The figure in the look of all of them."""
    figure.update_layout(
        width=width, height=height, showlegend=False, paper_bgcolor="white", plot_bgcolor="white",
        margin={"l": 52, "r": 16, "t": 78, "b": 62},
        font={"family": "Inter, Helvetica, Arial, 'Liberation Sans', sans-serif", "size": 15, "color": INK},
    )  # fmt: skip
    figure.update_xaxes(showgrid=False, linecolor=INK, ticks="outside", tickcolor=INK, zeroline=False)
    figure.update_yaxes(gridcolor="#E3E6EA", zerolinecolor="#9AA3AD", zerolinewidth=1.5)
    return figure


def save(figure: go.Figure, target: str | Path) -> None:
    """The figure as a PNG, photographed by headless Chromium."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with tempfile.TemporaryDirectory() as directory:
        page = Path(directory) / "page.html"
        figure.write_html(page, include_plotlyjs=True, config={"staticPlot": True})
        text = page.read_text(encoding="utf-8").replace("<body>", '<body style="margin:0">')
        page.write_text(text, encoding="utf-8")
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=5000"]
        window = [f"--window-size={figure.layout.width},{figure.layout.height}", f"--force-device-scale-factor={SCALE}"]
        subprocess.run(
            [browser, *options, *window, f"--screenshot={Path(target).resolve()}", page.as_uri()],
            check=True, capture_output=True,
        )  # fmt: skip
