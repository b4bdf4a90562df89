"""Histograms of the stochastic entropy production σ and heat q along sampled trajectories (Eqs. 22–23)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from szilard.page.axes import Axis
from szilard.page.plot import Plot
from szilard.page.style import BLUE, INK, VERMILLION, Figure, Pen
from szilard.studies.single.reading import SingleReading

if TYPE_CHECKING:
    import xarray as xr

MOST_FRAMES = 24
"""Rows offered by the slider."""


def figure(reading: SingleReading) -> Figure | None:
    """None without sampled trajectories."""
    samples = reading.samples
    if samples is None or "ep_histogram" not in samples or samples.sizes["step"] < 2:
        return None
    chosen = np.unique(np.linspace(1, samples.sizes["step"] - 1, MOST_FRAMES).round().astype(int))
    plots = [(f"step {int(samples['step'].values[row])}", _plot(samples, int(row))) for row in chosen]
    return plots[-1][1].figure(
        "paths",
        "Fluctuations along single trajectories",
        "Entropy production σ (above) and heat q (below) of sampled trajectories, up to the chosen step; "
        "dotted lines: their means. Single trajectories may have σ < 0. No average of exp(−σ) over whole "
        "ways is shown: rare trajectories would dominate it. It is tested jump by jump instead (next figure).",
        frames=[{"label": label, "data": plot.traces, "layout": plot.layout()} for label, plot in plots],
    )


def _plot(samples: xr.Dataset, row: int) -> Plot:
    """The histograms up to a record, each with its own horizontal axis."""
    plot = Plot(right=16, closest=True, places=(((0, 1), (0.6, 1.0)), ((0, 1), (0.0, 0.4))))
    for prefix, mean, name, words, colour in (
        ("ep", "work_sampled", "σ", "entropy production σ", BLUE),
        ("heat", "heat_sampled", "q", "heat q", VERMILLION),
    ):
        counts = np.asarray(samples[f"{prefix}_histogram"].values[row], dtype=float)
        low, high = (float(samples[f"{prefix}_histogram_{end}"].values[row]) for end in ("low", "high"))
        panel = plot.panel("trajectories", Axis(f"{words} of a trajectory (nat)"), log=True, every=1)
        panel.histogram(np.linspace(low, high, len(counts) + 1), counts, name, colour, unit="nat",
                        counted="trajectories")  # fmt: skip
        panel.upright(float(samples[mean].values[row]), pen=Pen(INK, "dot", 1.5))
    return plot
