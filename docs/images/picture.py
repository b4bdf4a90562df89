"""Draw the README's picture from a record (`make demo` makes one), with headless Chromium.

python docs/images/picture.py runs/demo docs/images/ledger.png
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go

import szilard

WIDTH, HEIGHT, SCALE = 1240, 560, 1.6
BLUE, VERMILLION, GREEN, INK, GREY = "#0072B2", "#D55E00", "#009E73", "#1A1A1A", "#5B6470"
LEFT, RIGHT = [0.0, 0.56], [0.725, 0.99]


def faded(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.17)"


def title(text: str) -> dict[str, Any]:
    return {"text": text, "standoff": 10}


def band(figure: go.Figure, x: Any, y: Any, half: Any, colour: str, axis: str = "y") -> None:
    """A curve with its 95 % band."""
    edges = np.concatenate([y + half, (y - half)[::-1]])
    around = {"x": np.concatenate([x, x[::-1]]), "y": edges, "fill": "toself", "fillcolor": faded(colour)}
    figure.add_scatter(**around, line={"width": 0}, mode="lines", yaxis=axis)
    figure.add_scatter(x=x, y=y, mode="lines", line={"color": colour, "width": 3}, yaxis=axis)


def label(figure: go.Figure, text: str, x: float, y: float, colour: str, size: int = 17, **more: Any) -> None:
    where = {"xref": "paper", "xanchor": "left", "yref": "y", "yanchor": "middle", "align": "left", **more}
    figure.add_annotation(text=text, x=x, y=y, showarrow=False, font={"color": colour, "size": size}, **where)


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
    band(figure, steps, accuracy, error, INK, "y2")
    label(figure, "accuracy", edge, float(accuracy[-1]), INK, 15, yref="y2")
    label(figure, "<b>What it cost to learn the digits</b>", 0, 1.1, INK, 20, yref="paper")
    label(figure, "nat per input; bands and bars: 95 %", 0, 1.03, GREY, 14, yref="paper")
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
    label(figure, "<b>… depends on how often one looks</b>", RIGHT[0] - 0.03, 1.1, INK, 20, yref="paper")
    label(figure, "work, 10<sup>−3</sup> nat per input and step", RIGHT[0] - 0.03, 1.03, GREY, 14, yref="paper")
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
        width=WIDTH, height=HEIGHT, showlegend=False, paper_bgcolor="white", plot_bgcolor="white",
        margin={"l": 52, "r": 16, "t": 78, "b": 62},
        font={"family": "Inter, Helvetica, Arial, 'Liberation Sans', sans-serif", "size": 15, "color": INK},
    )  # fmt: skip
    figure.update_xaxes(showgrid=False, linecolor=INK, ticks="outside", tickcolor=INK, zeroline=False)
    figure.update_yaxes(gridcolor="#E3E6EA", zerolinecolor="#9AA3AD", zerolinewidth=1.5)
    return figure


def main(record: str, target: str) -> None:
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with tempfile.TemporaryDirectory() as directory:
        page = Path(directory) / "page.html"
        picture(szilard.open(record)).write_html(page, include_plotlyjs=True, config={"staticPlot": True})
        text = page.read_text(encoding="utf-8").replace("<body>", '<body style="margin:0">')
        page.write_text(text, encoding="utf-8")
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=5000"]
        window = [f"--window-size={WIDTH},{HEIGHT}", f"--force-device-scale-factor={SCALE}"]
        subprocess.run(
            [browser, *options, *window, f"--screenshot={Path(target).resolve()}", page.as_uri()],
            check=True, capture_output=True,
        )  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
