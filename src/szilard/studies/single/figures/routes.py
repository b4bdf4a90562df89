"""Labels drawn from the model: fluctuations along single trajectories, and both routes to every number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from szilard.page.axes import Axis
from szilard.page.marks import JOINED
from szilard.page.plot import Plot
from szilard.page.style import BLUE, GREEN, INK, PURPLE, VERMILLION, Figure, Pen
from szilard.studies.single.reading import SingleReading

if TYPE_CHECKING:
    import xarray as xr

MOST_FRAMES = 24
"""Rows offered by the slider."""
QUANTITIES = (
    ("work", "work W", Pen(BLUE), "circle"),
    ("heat", "heat Q", Pen(VERMILLION, "dash"), "square"),
    ("entropy", "entropy S", Pen(GREEN, "dot"), "diamond"),
)


def paths(reading: SingleReading) -> Figure | None:
    """Histograms of the stochastic entropy production σ and heat q along sampled trajectories (Eqs. 22–23).

    None without sampled trajectories.
    """
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


def routes(reading: SingleReading) -> Figure | None:
    """Two routes: the sampled route against exact sums, in standard errors, and the fluctuation theorem jump by jump.

    None without a sampled route.
    """
    samples = reading.samples
    if samples is None or samples.sizes["step"] < 2 or "work_discrepancy" not in samples:
        return None
    steps = np.asarray(samples["step"].values)
    plot = Plot(legend="above")
    panel, reach = plot.panel("difference (std. errors)"), 3.2
    for column, name, pen, symbol in QUANTITIES:
        value = np.asarray(samples[f"{column}_discrepancy"].values, dtype=float)
        error = np.asarray(samples[f"{column}_discrepancy_error"].values, dtype=float)
        known = error > 0
        z = value[known] / error[known]
        panel.points(steps[known], z, name, pen.at(JOINED), symbol, joined=True, size=6, unit="standard errors",
                     legend=True)  # fmt: skip
        reach = max(reach, 1.1 * float(np.abs(z).max(initial=0)))
    panel.span = (-reach, reach)
    panel.band(-1.96, 1.96)
    mean = np.asarray(samples["fluctuation_sampled"].values, dtype=float) - 1
    half = 1.96 * np.asarray(samples["fluctuation_sampled_error"].values, dtype=float)
    known = half > 0
    panel = plot.panel("⟨exp(−d)⟩ − 1")
    panel.points(steps[known], mean[known], "⟨exp(−d)⟩ − 1", Pen(PURPLE), half=half[known])
    panel.rule(0.0, pen=Pen(INK, "dot", 1))
    return plot.figure(
        "routes",
        "Two routes to every number",
        "Above: labels drawn from the model against exact sums over labels, in standard errors; grey: 95 % of "
        "points should fall here. W and Q are cumulative: neighbouring points are not independent. Below: the "
        "integral fluctuation theorem per jump, ⟨exp(−d)⟩ = 1, from the same labels. Bars: 95 %.",
    )
