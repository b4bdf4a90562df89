"""The advice: lag foretold from one τ, and the lag of chains with others on the same way of the parameters."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import layout
from szilard.page.logarithmic import between, logarithmic
from szilard.page.style import BLUE, VERMILLION, Figure
from szilard.studies.tradeoff.claims.advice import predicted
from szilard.studies.tradeoff.figures.marks import marks, sampler_axis
from szilard.studies.tradeoff.reading import TradeOffReading, over_datasets

LEAST = 1e-6
"""Share of the work below which a lag is not drawn."""


def figure(reading: TradeOffReading) -> Figure | None:
    """None where no lag was seen to foretell from."""
    steps = reading.sampler_steps
    if len(steps) < 2:
        return None
    state = reading.adviser
    advice = reading.advice(state)
    if not advice.seen:
        return None
    work = over_datasets(reading.late_work(state)).value
    lags = [reading.lag_of(state, tau) / work for tau in steps]
    shown = [place for place, lag in enumerate(lags) if lag.mean() > LEAST]
    found = [over_datasets(lags[place]) for place in shown]
    line = np.geomspace(steps[0], steps[-1], 60)
    own = float(lags[0].mean())
    foretold = np.array([predicted(own, 1.0, tau / steps[0]) for tau in line])
    kept = foretold > LEAST
    low, high = between(min(LEAST, *(each.value for each in found)), own, pad=2.5)
    data = [
        {"type": "scatter", "mode": "lines", "x": line[kept], "y": foretold[kept], "name": "foretold from τ = 1",
         "line": {"color": VERMILLION, "dash": "dash", "width": 2}, "hovertemplate": "%{y:.2g}", "showlegend": True},
        {**marks([steps[place] for place in shown], found, "done on the same way", BLUE), "showlegend": True},
    ]  # fmt: skip
    return Figure(
        key="foretold",
        title="A lag foretells how long a sampler should be",
        caption=(
            f"At n = {state.updates}, over the second half of the way: lag W_diss − W over what perfect sampling "
            f"dissipates, of chains with τ steps that follow the same parameters. Dashed: foretold from τ = {steps[0]} "
            "alone, with one relaxation time (kind: hypothesis). The chains relax in many ways at once; the slow ones "
            "stay."
        ),
        data=data,
        layout=layout(
            logarithmic("lag over W", low, high),
            x=sampler_axis(reading),
            right=24,
            showlegend=True,
            hovermode="closest",
            legend={"x": 0.98, "xanchor": "right", "y": 0.98, "yanchor": "top", "bgcolor": "rgba(255,255,255,0.8)"},
        ),
        along_steps=False,
    )
