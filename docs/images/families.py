"""Draw what a model makes along its training, and its way through the space of models (Figure 1, from data).

szilard run vae --out runs/vae
python docs/images/families.py runs/vae docs/images/families.png
"""

from __future__ import annotations

import sys

import numpy as np
import plotly.graph_objects as go
from drawing import GREY, INK, VERMILLION, dressed, heading, label, save, title

import szilard
from szilard.studies.sampled.reading import read

WIDTH, HEIGHT = 1240, 560
LEFT, RIGHT = [0.0, 0.47], [0.60, 1.0]
ROWS, SAMPLES = 7, 9
GAP = 2
"""Pixels between pictures."""


def strip(figure: go.Figure, run: szilard.Run) -> None:
    """The same random numbers at every record, so that what changes is the model."""
    gallery = run.tree["gallery"]
    height, width = run.attributes["gallery"]["shape"]
    steps = gallery["step"].values
    chosen = np.unique(np.linspace(0, len(steps) - 1, ROWS).round().astype(int))
    sheet = np.full((len(chosen) * (height + GAP), SAMPLES * (width + GAP)), np.nan)
    for row, place in enumerate(chosen):
        for number in range(SAMPLES):
            picture = gallery["sample"].values[place, number].reshape(height, width)
            top, left = row * (height + GAP), number * (width + GAP)
            sheet[top : top + height, left : left + width] = picture
    figure.add_heatmap(z=sheet[::-1], colorscale="Greys", zmin=0, zmax=1, showscale=False)
    middle = [len(sheet) - row * (height + GAP) - height / 2 - GAP / 2 for row in range(len(chosen))]
    figure.update_layout(
        xaxis={"visible": False, "domain": LEFT},
        yaxis={
            "tickvals": middle, "ticktext": [f"{steps[place]:,}" for place in chosen], "showgrid": False,
            "zeroline": False, "ticks": "", "title": title("training step"),
        },
    )  # fmt: skip
    heading(figure, "What the model makes", "a variational autoencoder on handwritten digits, same random numbers", 0)


def way(figure: go.Figure, run: szilard.Run) -> None:
    """The models that were kept, and where the data lie."""
    space = read(run.tree).space
    if space is None or space.map is None:
        raise SystemExit("the record has no map of models: run it with kept of at least 3.")
    x, y = space.map.points.T
    where = {"xaxis": "x2", "yaxis": "y2"}
    figure.add_scatter(x=x, y=y, mode="lines", line={"color": GREY, "width": 2}, **where)
    colours = np.linspace(0, 1, len(x))
    marker = {"color": colours, "colorscale": "Cividis", "size": 13, "line": {"color": INK, "width": 1}}
    figure.add_scatter(x=x, y=y, mode="markers", marker=marker, **where)
    for place in (0, len(x) // 3, len(x) // 2, len(x) - 1):
        label(figure, f"{space.steps[place]:,}", x[place], y[place], INK, 14, xref="x2", yref="y2", xanchor="center",
              yshift=-18)  # fmt: skip
    if space.target is not None:
        a, b = space.target.foot
        star = {"symbol": "star", "size": 20, "color": VERMILLION}
        figure.add_scatter(x=[a], y=[b], mode="markers", marker=star, **where)
        label(figure, "<b>p*</b>, the data", a, b, VERMILLION, 16, xref="x2", yref="y2", xanchor="center", yshift=22)
    heading(figure, "Its way through the space of models", "the paper's Figure 1, from data; distances by statistics",
            RIGHT[0])  # fmt: skip
    figure.update_layout(
        xaxis2={"domain": RIGHT, "anchor": "y2", "title": title("first direction, nat<sup>½</sup> per √dimension")},
        yaxis2={
            "anchor": "x2",
            "scaleanchor": "x2",
            "range": [-0.35, 0.35],
            "constrain": "domain",
            "constraintoward": "top",
            "title": title("second direction"),
        },
    )


def main(record: str, target: str) -> None:
    run = szilard.open(record)
    figure = dressed(go.Figure(), WIDTH, HEIGHT)
    strip(figure, run)
    way(figure, run)
    figure.update_layout(margin={"l": 84})
    for axis in (figure.layout.xaxis2, figure.layout.yaxis2):
        axis.update(linecolor=INK, ticks="outside", tickcolor=INK, gridcolor="#E3E6EA", zeroline=False)
    save(figure, target)


if __name__ == "__main__":
    main(*sys.argv[1:])
