"""Two routes: the sampled route against exact sums, in standard errors, and the fluctuation theorem jump by jump."""

from __future__ import annotations

import numpy as np

from szilard.page.marks import JOINED
from szilard.page.plot import Plot
from szilard.page.style import BLUE, GREEN, INK, PURPLE, VERMILLION, Figure, Pen
from szilard.studies.single.reading import SingleReading

QUANTITIES = (
    ("work", "work W", Pen(BLUE), "circle"),
    ("heat", "heat Q", Pen(VERMILLION, "dash"), "square"),
    ("entropy", "entropy S", Pen(GREEN, "dot"), "diamond"),
)


def figure(reading: SingleReading) -> Figure | None:
    """None without a sampled route."""
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
