"""The r² law: what is left of the distance when r² is taken out of it, for one step and for many."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import positive, widened
from szilard.page.plot import Plot
from szilard.page.style import Figure, Pen
from szilard.studies.reversal.figures.marks import COLOURS, SIZE, medians, rate_axis, ribbon, when
from szilard.studies.reversal.reading import ReversalReading

DASHES = ("solid", "dash")
SYMBOLS = ("circle", "diamond-open")


def figure(reading: ReversalReading) -> Figure:
    """Both networks; above one step back, below all of them."""
    rates = reading.rates
    defects = reading.rows["defect"].values[1:, ..., 0]
    one = np.sqrt((defects**2).mean(0))  # (networks, starts, seeds, rates)
    many = reading.rows["distance"].values[-1, ..., 0] / rates**2
    plot = Plot(rate_axis(rates), right=20, legend="above", legend_rows=2, closest=True)
    for values, title, words in (
        (one, "one step back over r² (nat)", "one step back, mean over the path"),
        (many, "all steps back over r² (nat)", f"{reading.length} steps back"),
    ):
        low, high = widened(*positive(np.where(values < 100 * positive(values[..., -1])[1], values, np.nan)))
        panel = plot.panel(title, log=True, span=(low, high))
        panel.heading(words)
        for network, called in enumerate(reading.networks):
            for place, start in enumerate(reading.starts):
                pen = Pen(COLOURS[place % len(COLOURS)], DASHES[network % 2])
                over_seeds = values[network, place]
                middle = np.median(over_seeds, axis=0)
                if network == 0:
                    keep = over_seeds.max(0) <= high
                    ribbon(panel, rates[keep], over_seeds[:, keep], pen)
                curve = medians(rates, np.where(middle <= high, middle, np.nan))
                panel.line(curve, f"{called}, {when(start)}", pen, symbol=SYMBOLS[network % 2], size=SIZE,
                           legend=len(plot.panels) == 1)  # fmt: skip
    return plot.figure(
        "law",
        "The r² law",
        "A miss that goes as r² is flat here, at the height ‖H g‖ for one step. To the right the misses amplify "
        f"one another. Dashed: the second network ({', '.join(reading.networks[1:]) or 'none'}). Where "
        "activations have kinks, units that turn on or off make the gradient jump, and the constant may rise "
        "towards small r before it falls to that between kinks. Medians over seeds; bands: their whole range.",
    )
