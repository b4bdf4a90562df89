"""The r² law: what is left of the distance when r² is taken out of it, for one step and for many."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import layout
from szilard.page.logarithmic import between, heading, logarithmic, range_of
from szilard.page.style import Figure
from szilard.studies.reversal.figures.marks import COLOURS, curve, rate_axis, ribbon, when
from szilard.studies.reversal.reading import ReversalReading

DASHES = ("solid", "dash")
SYMBOLS = ("circle", "diamond-open")


def figure(reading: ReversalReading) -> Figure:
    """Both networks; above one step back, below all of them."""
    rates = reading.rates
    defects = reading.rows["defect"].values[1:, ..., 0]
    one = np.sqrt((defects**2).mean(0))  # (networks, starts, seeds, rates)
    many = reading.rows["distance"].values[-1, ..., 0] / rates**2
    data, notes, axes = [], [], []
    for panel, (values, title, words) in enumerate(
        (
            (one, "one step back over r² (nat)", "one step back, mean over the path"),
            (many, "all steps back over r² (nat)", f"{reading.length} steps back"),
        ),
        start=1,
    ):
        low, high = between(*range_of(np.where(values < 100 * range_of(values[..., -1])[1], values, np.nan)))
        axes.append(logarithmic(title, low, high))
        notes.append(heading(words, panel))
        for network, called in enumerate(reading.networks):
            for place, start in enumerate(reading.starts):
                colour = COLOURS[place % len(COLOURS)]
                over_seeds = values[network, place]
                middle = np.median(over_seeds, axis=0)
                shown = np.where(middle <= high, middle, np.nan)
                if network == 0:
                    keep = over_seeds.max(0) <= high
                    data += ribbon(rates[keep], over_seeds[:, keep], colour, panel=panel)
                name = f"{called}, {when(start)}"
                data.append(
                    {
                        **curve(rates, shown, name, colour, panel=panel, dash=DASHES[network % 2],
                                symbol=SYMBOLS[network % 2]),
                        "showlegend": panel == 1,
                    }
                )  # fmt: skip
    return Figure(
        key="law",
        title="The r² law",
        caption=(
            "A miss that goes as r² is flat here, at the height ‖H g‖ for one step. To the right the misses amplify "
            f"one another. Dashed: the second network ({', '.join(reading.networks[1:]) or 'none'}). Where "
            "activations have kinks, units that turn on or off make the gradient jump, and the constant may rise "
            "towards small r before it falls to that between kinks. Medians over seeds; bands: their whole range."
        ),
        data=data,
        layout=layout(
            *axes,
            x=rate_axis(rates),
            annotations=notes,
            showlegend=True,
            hovermode="closest",
            legend={"orientation": "h", "traceorder": "normal", "x": 0, "y": 1.02, "yanchor": "bottom",
                    "font": {"size": 11}},
            margin={"l": 64, "r": 20, "t": 56, "b": 48},
        ),
        along_steps=False,
        panels=2,
    )  # fmt: skip
