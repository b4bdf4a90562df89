"""The advice: lag foretold from one τ, and the lag of chains with others on the same way of the parameters."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import widened
from szilard.page.curve import Curve
from szilard.page.plot import Plot
from szilard.page.style import BLUE, VERMILLION, Figure, Pen
from szilard.studies.tradeoff.claims.advice import predicted
from szilard.studies.tradeoff.figures.marks import draw, sampler_axis
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
    span = widened(min(LEAST, *(each.value for each in found)), own, pad=2.5)
    plot = Plot(sampler_axis(reading), right=24, legend="top right", closest=True)
    panel = plot.panel("lag over W", log=True, span=span)
    panel.line(Curve(line[kept], foretold[kept]), "foretold from τ = 1", Pen(VERMILLION, "dash", 2), legend=True)
    draw(panel, [steps[place] for place in shown], found, "done on the same way", BLUE, legend=True)
    return plot.figure(
        "foretold",
        "A lag foretells how long a sampler should be",
        f"At n = {state.updates}, over the second half of the way: lag W_diss − W over what perfect sampling "
        f"dissipates, of chains with τ steps that follow the same parameters. Dashed: foretold from τ = {steps[0]} "
        "alone, with one relaxation time (kind: hypothesis). The chains relax in many ways at once; the slow ones "
        "stay.",
    )
