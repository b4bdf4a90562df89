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
from szilard.audit.bursts import Bursts
from szilard.audit.evidence import Evidence
from szilard.audit.reservoir.words import noise_scale
from szilard.reservoir import time_average

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
    for layer, colour in enumerate(COLOURS):
        steps, heat, half = means(bursts, layer)
        between(figure, steps, np.maximum(heat - half, 0.3 * heat), heat + half, colour)
        figure.add_scatter(x=steps, y=heat, mode="lines", line={"color": colour, "width": 3})
        label(figure, f"<b>{NAMES[layer]}</b> layer", edge, float(np.log10(heat[-1])), colour, 15)
        low, high = min(low, float(heat.min())), max(high, float((heat + half)[1:].max()))
    heading(
        figure, "One network, several heat baths", "temperature ½ r c of each layer's noise, in units of the loss", 0
    )
    figure.update_layout(yaxis={"type": "log", "range": [np.log10(low) - 0.1, np.log10(high) + 0.1], "dtick": 1})


def scale_panel(figure: go.Figure, bursts: Bursts) -> None:
    """The noise scale, with the batch size that was used."""
    axes = {"xaxis": "x2", "yaxis": "y2"}
    rows = []
    for part in np.array_split(np.arange(bursts.records), 12):
        value, (low, high) = noise_scale(bursts, part)
        if np.isfinite(high):
            rows.append((bursts.steps[part].mean(), value.value, max(low, 1.0), high))
    steps, values, low, high = np.array(rows).T
    between(figure, steps, low, high, INK, 0.12, **axes)
    figure.add_scatter(
        x=steps, y=values, mode="lines+markers", line={"color": INK, "width": 3}, marker={"size": 8}, **axes
    )
    where = {"xref": "x2", "yref": "y2"}
    batch = float(np.log10(bursts.batch_size))
    figure.add_shape(type="line", x0=0, x1=int(bursts.steps[-1]), y0=bursts.batch_size, y1=bursts.batch_size, **where,
                     line={"color": VERMILLION, "width": 2, "dash": "dash"})  # fmt: skip
    label(figure, f"<b>the batch</b>: {bursts.batch_size} examples", 300, batch, VERMILLION, 15, yshift=13, **where)
    label(figure, "<b>noise scale</b>", float(steps[-1]), float(np.log10(values[-1])), INK, 15, xshift=10, **where)
    heading(figure, "How large a batch would do", "tr C/‖∇U‖², examples; band: 95 %", RIGHT[0])
    figure.update_layout(yaxis2={"type": "log", "dtick": 1, "anchor": "x2",
                                 "range": [batch - 0.3, float(np.log10(high.max())) + 0.1]})  # fmt: skip


def picture(run: szilard.Run) -> go.Figure:
    bursts = Evidence.of(run.tree).reservoir
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
