"""Draw the README's picture: the budget of an ensemble along training, and where its models stop agreeing.

szilard run memorisation --data mnist --set label_noise=0.3 --out runs/mnist-0.3
python docs/images/budget.py runs/mnist-0.3 docs/images/budget.png
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import plotly.graph_objects as go
from drawing import BLUE, GREEN, GREY, INK, VERMILLION, band, between, dressed, heading, label, save, title
from scipy import stats

import szilard

WIDTH, HEIGHT = 1240, 560
LEFT, RIGHT = [0.0, 0.36], [0.575, 0.88]
STEPS = [10, 100, 1000, 10_000]


def half_width(run: szilard.Run, name: str) -> Any:
    """Of the 95 % interval: Student's t over the outermost clusters."""
    return stats.t.ppf(0.975, run.attributes["clusters"] - 1) * run.data[f"{name}_error"].values[1:]


def curve(figure: go.Figure, run: szilard.Run, name: str, colour: str, **axes: str) -> float:
    """A variable along training with its band; its last value. Step 0 has no place on a logarithmic axis."""
    data = run.data.isel(step=slice(1, None))
    band(figure, data.step.values, data[name].values, half_width(run, name), colour, **axes)
    return float(data[name][-1])


def information_panel(figure: go.Figure, run: szilard.Run) -> None:
    """Memorised and luck, with what so few runs can vouch for."""
    data = run.data.isel(step=slice(1, None))
    steps = data.step.values
    low, high = data.info_dataset_lower.values, data.info_dataset_upper.values
    between(figure, steps, np.maximum(low, 0), high, BLUE, 0.07)
    edge = LEFT[1] + 0.008
    memorised, luck = (
        curve(figure, run, name, colour) for name, colour in (("info_dataset", BLUE), ("info_seed", VERMILLION))
    )
    label(figure, "<b>memorised</b><br>of the very sample<br>I(X; data | task)", edge, memorised, BLUE, 15)
    label(figure, "<b>luck</b> of the seed<br>I(X; seed | data)", edge, luck, VERMILLION, 15)
    label(figure, "bracket: where it<br>may lie, for all that<br>so few runs can tell", edge, 0.94 * high[-1], GREY, 14)
    heading(figure, "What was memorised, what was luck", "nat per test image; bands: 95 %", LEFT[0])
    figure.update_layout(yaxis={"range": [0, 1.04 * high.max()]})


def least(figure: go.Figure, data: Any, name: str, colour: str, text: str, **where: Any) -> None:
    """A dot on a curve's minimum, with words."""
    place = int(np.argmin(data[name].values))
    step, value = int(data.step[place]), float(data[name][place])
    figure.add_scatter(
        x=[step], y=[value], mode="markers", xaxis="x2", yaxis="y2",
        marker={"color": colour, "size": 13, "line": {"color": "white", "width": 2}},
    )  # fmt: skip
    at = {"xref": "x2", "yref": "y2", "xanchor": "center", "align": "center", **where}
    label(figure, text.format(step=f"{step:,}"), np.log10(step), value, colour, 15, **at)


def stopping_panel(figure: go.Figure, run: szilard.Run) -> None:
    """Disagreement between data sets beside the loss on labels that it never saw."""
    data = run.data
    right = {"xaxis": "x2", "yaxis": "y2"}
    stop = run.stopping_point()
    disagreement = curve(figure, run, "cross_entropy_between", GREEN, **right)
    loss = curve(figure, run, "cross_entropy_mean", INK, **right)
    edge = RIGHT[1] + 0.008
    label(
        figure, "<b>disagreement</b><br>between networks<br>of different samples<br>(no labels)", edge, disagreement,
        GREEN, 15, yref="y2", yanchor="top", yshift=24,
    )  # fmt: skip
    label(figure, "<b>test loss</b><br>(needs labels)", edge, loss, INK, 15, yref="y2")
    least(figure, data, "cross_entropy_between", GREEN, "<b>stop here:</b><br>step {step}", yanchor="bottom", yshift=58)
    least(figure, data, "cross_entropy_mean", INK, "least test loss: step {step}", yanchor="top", yshift=-11)
    figure.add_shape(
        type="line", x0=stop.step, x1=stop.step, y0=stop.loss, y1=1.4 * stop.value, xref="x2", yref="y2", layer="below",
        line={"color": GREEN, "width": 1.5, "dash": "dot"},
    )  # fmt: skip
    top = 1.06 * float((data.cross_entropy_between + np.append(0, half_width(run, "cross_entropy_between"))).max())
    heading(figure, "When to stop, without a label", "nat per test image; bands: 95 %", RIGHT[0])
    figure.update_layout(yaxis2={"range": [0, top]})


def picture(run: szilard.Run) -> go.Figure:
    figure = go.Figure()
    information_panel(figure, run)
    stopping_panel(figure, run)
    axis = {
        "type": "log", "title": title("training step (logarithmic)"), "tickvals": STEPS,
        "ticktext": [f"{step:,}" for step in STEPS], "range": np.log10([10, int(run.data.step[-1])]).tolist(),
    }  # fmt: skip
    figure.update_layout(
        xaxis={"domain": LEFT, "anchor": "y", **axis}, xaxis2={"domain": RIGHT, "anchor": "y2", **axis},
        yaxis={"domain": [0, 1]}, yaxis2={"domain": [0, 1], "anchor": "x2"},
    )  # fmt: skip
    return dressed(figure, WIDTH, HEIGHT)


def main(record: str, target: str) -> None:
    save(picture(szilard.open(record)), target)


if __name__ == "__main__":
    main(*sys.argv[1:])
