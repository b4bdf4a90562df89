"""Histograms of the stochastic entropy production σ and heat q along sampled trajectories (Eqs. 22–23)."""

from __future__ import annotations

from typing import Any

import numpy as np

from szilard.page.axes import axis, layout
from szilard.page.style import BLUE, VERMILLION, Figure
from szilard.studies.single.reading import SingleReading

MOST_FRAMES = 24
"""Rows offered by the slider."""


def figure(reading: SingleReading) -> Figure | None:
    """None without sampled trajectories."""
    samples = reading.samples
    if samples is None or "ep_histogram" not in samples or samples.sizes["step"] < 2:
        return None
    chosen = np.unique(np.linspace(1, samples.sizes["step"] - 1, MOST_FRAMES).round().astype(int))
    frames = [_frame(reading, int(row)) for row in chosen]
    return Figure(
        key="paths",
        title="Fluctuations along single trajectories",
        caption=(
            "Entropy production σ (above) and heat q (below) of sampled trajectories, up to the chosen step; "
            "dotted lines: their means. Single trajectories may have σ < 0. No average of exp(−σ) over whole "
            "ways is shown: rare trajectories would dominate it. It is tested jump by jump instead (next figure)."
        ),
        data=frames[-1]["data"],
        layout=frames[-1]["layout"],
        along_steps=False,
        panels=2,
        frames=frames,
    )


def _frame(reading: SingleReading, row: int) -> dict[str, Any]:
    samples = reading.samples
    assert samples is not None
    step = int(samples["step"].values[row])
    data, shapes, axes = [], [], []
    for number, (prefix, mean, name, colour) in enumerate(
        (("ep", "work_sampled", "σ", BLUE), ("heat", "heat_sampled", "q", VERMILLION)), start=1
    ):
        counts = np.asarray(samples[f"{prefix}_histogram"].values[row], dtype=float)
        low, high = (float(samples[f"{prefix}_histogram_{end}"].values[row]) for end in ("low", "high"))
        edges = np.linspace(low, high, len(counts) + 1)
        suffix = "" if number == 1 else str(number)
        data.append(
            {"type": "bar", "x": 0.5 * (edges[:-1] + edges[1:]), "y": counts, "width": np.diff(edges), "name": name,
             "xaxis": f"x{suffix}", "yaxis": f"y{suffix}", "showlegend": False,
             "marker": {"color": colour, "line": {"color": "white", "width": 0.5}},
             "hovertemplate": f"{name} = %{{x:.3g}} nat: %{{y}} trajectories<extra></extra>"}
        )  # fmt: skip
        centre = float(samples[mean].values[row])
        shapes.append({"type": "line", "xref": f"x{suffix}", "yref": f"y{suffix} domain", "x0": centre, "x1": centre,
                       "y0": 0, "y1": 1, "line": {"color": "#1A1A1A", "width": 1.5, "dash": "dot"}})  # fmt: skip
        axes.append((suffix, name))
    return {"label": f"step {step}", "data": data, "layout": _stacked(axes, shapes)}


def _stacked(axes: list[tuple[str, str]], shapes: list[dict[str, Any]]) -> dict[str, Any]:
    """Two panels, each with its own horizontal axis."""
    base = layout(axis("trajectories", type="log", dtick=1), axis("trajectories", type="log", dtick=1), right=16,
                  shapes=shapes, bargap=0, hovermode="closest")  # fmt: skip
    base["yaxis"]["domain"], base["yaxis2"]["domain"] = [0.6, 1.0], [0.0, 0.4]
    for suffix, name in axes:
        words = "entropy production σ" if name == "σ" else "heat q"
        base[f"xaxis{suffix}"] = axis(f"{words} of a trajectory (nat)", anchor=f"y{suffix}")
    return base
