"""Draw the ledger of one run (`szilard run single --data digits --out runs/first` makes one).

python docs/images/picture.py runs/first docs/images/ledger.png
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import plotly.graph_objects as go
from drawing import BLUE, GREEN, GREY, INK, VERMILLION, band, dressed, heading, label, save, title

import szilard

WIDTH, HEIGHT = 1240, 560
LEFT, RIGHT = [0.0, 0.56], [0.725, 0.99]


def ledger_panel(figure: go.Figure, data: Any) -> None:
    """W, Q and ΔS along training, and the accuracy below."""
    steps = data.step.values
    for name, colour in (("work", BLUE), ("heat", VERMILLION)):
        band(figure, steps, data[name].values, 1.96 * data[f"{name}_error"].values, colour)
    change = data.entropy_conditional.values - data.entropy_conditional.values[0]
    band(figure, steps, change, 0 * change, GREEN)
    work, heat = float(data.work[-1]), float(data.heat[-1])
    edge = LEFT[1] + 0.006
    label(figure, "<b>W</b>  work = entropy<br>production", edge, work, BLUE, 15)
    label(figure, "<b>ΔS</b>  the model<br>becomes certain", edge, float(change[-1]), GREEN, 15)
    label(figure, "<b>Q</b>  heat (given off)", edge, heat, VERMILLION, 15)
    accuracy, error = 100 * data.accuracy.values, 196 * data.accuracy_error.values
    band(figure, steps, accuracy, error, INK, yaxis="y2")
    label(figure, "accuracy", edge, float(accuracy[-1]), INK, 15, yref="y2")
    heading(figure, "What it cost to learn the digits", "nat per input; bands and bars: 95 %", 0)
    label(figure, "%", 0, 0.275, GREY, 14, yref="paper")


def interval_panel(figure: go.Figure, data: Any) -> None:
    """Work per training step against how often one looks."""
    last = data.isel(step=-1)
    steps, jumps = last.steps_by_interval.values, last.jumps_by_interval.values
    spacing, rate = steps / jumps, 1000 * last.work_by_interval.values / steps
    error = 1960 * last.work_by_interval_error.values / steps
    bars = {"type": "data", "array": error, "color": BLUE, "thickness": 2, "width": 5}
    marks = {"color": BLUE, "size": 11}
    line = {"color": BLUE, "width": 3}
    figure.add_scatter(
        x=spacing, y=rate, error_y=bars, mode="lines+markers", marker=marks, line=line, xaxis="x2", yaxis="y3"
    )
    unit = "work, 10<sup>−3</sup> nat per input and step"
    heading(figure, "… depends on how often one looks", unit, RIGHT[0] - 0.03)
    noise = {"xref": "x2", "yref": "y3", "xanchor": "left"}
    label(figure, "noise: jumps<br>undo one another", np.log10(spacing[1]) + 0.06, rate[1] * 1.14, GREY, 14, **noise)
    learning = {"xref": "x2", "yref": "y3", "xanchor": "right", "align": "right"}
    label(figure, "learning:<br>jumps add up", np.log10(spacing[-1]) + 0.08, rate[-1] * 1.16, GREY, 14, **learning)
    figure.update_layout(
        xaxis2={
            "domain": RIGHT, "anchor": "y3", "type": "log", "tickvals": spacing,
            "ticktext": [f"{value:.0f}" for value in spacing], "title": title("training steps between two looks"),
            "range": [np.log10(spacing[0] * 0.8), np.log10(spacing[-1] * 1.25)],
        },
        yaxis3={"domain": [0, 1], "anchor": "x2", "range": [0, 1.12 * float((rate + error).max())]},
    )  # fmt: skip


def picture(run: szilard.Run) -> go.Figure:
    figure = go.Figure()
    ledger_panel(figure, run.data)
    interval_panel(figure, run.data)
    figure.update_layout(
        xaxis={"domain": LEFT, "anchor": "y2", "title": title("training step"), "range": [0, int(run.data.step[-1])]},
        yaxis={"domain": [0.34, 1]},
        yaxis2={"domain": [0, 0.24], "range": [0, 104], "tickvals": [0, 50, 100]},
    )  # fmt: skip
    return dressed(figure, WIDTH, HEIGHT)


def main(record: str, target: str) -> None:
    save(picture(szilard.open(record)), target)


if __name__ == "__main__":
    main(*sys.argv[1:])
