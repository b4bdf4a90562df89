"""Draw the parameters of one run as heat reservoirs: how hot each layer runs, how white the noise, how large a batch.

szilard run single --data mnist --set reservoir.every=60 --out runs/hot
python docs/images/reservoir.py runs/hot docs/images/reservoir.png
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import plotly.graph_objects as go
from drawing import BLUE, GREEN, INK, VERMILLION, between, dressed, heading, label, save, title

import szilard
from szilard.reservoir import time_average
from szilard.studies.kits.parameters.figures.noise import stretches
from szilard.studies.kits.watched.bursts import Bursts
from szilard.studies.kits.watched.reading import WatchedReading

WIDTH, HEIGHT = 1240, 560
LEFT, RIGHT = [0.0, 0.40], [0.585, 0.97]
COLOURS = (BLUE, "#A44A7F", GREEN, VERMILLION)
NAMES = ("first", "second", "third", "output")
POINTS = 25
"""Along the training: neighbouring bursts are averaged."""


def means(bursts: Bursts, layer: int) -> tuple[Any, Any, Any]:
    """Steps, temperature and half the width of its 95 % interval."""
    values = bursts.values("temperature_noise")[:, layer]
    parts = np.array_split(np.arange(bursts.records), POINTS)
    found = [time_average(values[part]).value for part in parts]
    half = np.array([one.interval(0.95)[1] - one.value for one in found])
    return np.array([bursts.steps[part].mean() for part in parts]), np.array([one.value for one in found]), half


def temperature_panel(figure: go.Figure, bursts: Bursts) -> None:
    """How hot each layer runs."""
    edge = LEFT[1] + 0.008
    low, high = np.inf, 0.0
    ends: dict[str, tuple[float, str]] = {}
    for layer, colour in enumerate(COLOURS):
        steps, heat, half = means(bursts, layer)
        between(figure, steps, np.maximum(heat - half, 0.3 * heat), heat + half, colour)
        figure.add_scatter(x=steps, y=heat, mode="lines", line={"color": colour, "width": 3})
        ends[f"<b>{NAMES[layer]}</b> layer"] = (float(np.log10(heat[-1])), colour)
        low, high = min(low, float(heat.min())), max(high, float((heat + half)[1:].max()))
    height = -np.inf
    for text, (level, colour) in sorted(ends.items(), key=lambda item: item[1][0]):
        height = max(level, height + 0.09)  # names are not to lie over one another
        label(figure, text, edge, height, colour, 15)
    heading(
        figure, "One network, several heat baths", "temperature ½ r c of each layer's noise, in units of the loss", 0
    )
    figure.update_layout(
        yaxis={
            "type": "log",
            "range": [np.log10(low) - 0.1, np.log10(high) + 0.1],
            "dtick": 1,
            "exponentformat": "power",
        }
    )


def scale_panel(figure: go.Figure, bursts: Bursts) -> None:
    """The noise scale over stretches of the training, with the batch size that was used."""
    where = {"xref": "x2", "yref": "y2"}
    everything = stretches(bursts)
    found = [one for one in everything if one.seen]
    middle, half = (np.array([0.5 * (one.last + sign * one.first) for one in found]) for sign in (1, -1))
    value, low, high = (np.array([getattr(one, name) for one in found]) for name in ("value", "low", "high"))
    bars = {"color": INK, "thickness": 2.2}
    figure.add_scatter(
        x=middle, y=value, mode="markers", marker={"color": INK, "size": 12}, xaxis="x2", yaxis="y2",
        error_x={"array": half, "width": 0, **bars},
        error_y={"array": high - value, "arrayminus": value - low, "symmetric": False, "width": 6, **bars},
    )  # fmt: skip
    hidden = [one for one in everything if not one.seen]
    figure.add_scatter(
        x=[0.5 * (one.first + one.last) for one in hidden], y=[one.value for one in hidden], mode="markers",
        marker={"color": INK, "size": 14, "symbol": "arrow-up"}, xaxis="x2", yaxis="y2",
        error_x={"array": [0.5 * (one.last - one.first) for one in hidden], "width": 0, **bars},
    )  # fmt: skip
    batch = float(np.log10(bursts.batch_size))
    figure.add_shape(type="line", x0=0, x1=int(bursts.steps[-1]), y0=bursts.batch_size, y1=bursts.batch_size, **where,
                     line={"color": VERMILLION, "width": 2.5, "dash": "dash"})  # fmt: skip
    last = int(bursts.steps[-1])
    at = {"xanchor": "right", **where}
    label(figure, f"<b>the batch</b>: {bursts.batch_size} examples", last, batch, VERMILLION, 15, yshift=13, **at)
    label(figure, "<b>noise scale</b>", last, float(np.log10(value[-1])), INK, 15, yshift=16, **at)
    heading(figure, "How large a batch would do", "tr C/‖∇U‖², examples; bars: 95 %, arrow: at least", RIGHT[0])
    span = [batch - 0.3, float(np.log10(high.max())) + 0.1]
    figure.update_layout(yaxis2={"type": "log", "dtick": 1, "anchor": "x2", "range": span})


def picture(run: szilard.Run) -> go.Figure:
    bursts = WatchedReading(run.tree).bursts
    assert bursts is not None
    figure = go.Figure()
    temperature_panel(figure, bursts)
    scale_panel(figure, bursts)
    last = int(run.data.step[-1])
    axis = {"title": title("training step"), "range": [0, last], "tickformat": ",d"}
    figure.update_layout(
        xaxis={"domain": LEFT, "anchor": "y", **axis}, xaxis2={"domain": RIGHT, "anchor": "y2", **axis},
        yaxis={"domain": [0, 1]}, yaxis2={"domain": [0, 1]},
    )  # fmt: skip
    return dressed(figure, WIDTH, HEIGHT)


def main(record: str, target: str) -> None:
    save(picture(szilard.open(record)), target)


if __name__ == "__main__":
    main(*sys.argv[1:])
