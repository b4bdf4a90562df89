"""The way and its end: what is gained and produced along it, the lag foretold, and what was learned."""

from __future__ import annotations

import numpy as np

from szilard.numbers import number
from szilard.page.axes import Axis, spread, widened
from szilard.page.curve import Curve
from szilard.page.plot import Plot
from szilard.page.style import BLUE, VERMILLION, Figure, Pen
from szilard.studies.tradeoff.claims.advice import predicted
from szilard.studies.tradeoff.figures.marks import called, colour, draw, sampler_axis
from szilard.studies.tradeoff.reading import TradeOffReading, over_datasets
from szilard.verdicts.bounds import LEVEL


def way(reading: TradeOffReading) -> Figure:
    """Along the way: information gained and entropy produced, with large and with small updates.

    Infinitely many chains, the fewest and the most updates, at the smallest τ.
    """
    time = reading.steps / reading.steps[-1] * float(reading.attributes.get("distance", 1.0))
    counts = reading.updates
    plot = Plot(Axis("training time r t", from_zero=True), right=40)
    for updates in dict.fromkeys((counts[0], counts[-1])):
        state = reading.family(None, updates)[0]
        gained = reading.column("ep_ignorance")[:, state.place]
        error = reading.column("ep_ignorance_error")[:, state.place]
        spent = reading.column("ep_conditional")[:, state.place].mean(-1)
        quantile = reading.of_ensemble("ep_ignorance", state).interval(0.95)
        width = (quantile[1] - quantile[0]) / 2 / error[-1] if error[-1] > 0 else 0.0
        panel = plot.panel("nat", span=spread(gained - width * error, gained + width * error, spent, [0.0]))
        panel.line(Curve(time, gained, width * error), "ΔI", Pen(BLUE), unit="nat", end="ΔI")
        panel.line(Curve(time, spent), "Σ", Pen(VERMILLION, "dash"), unit="nat", end="Σ")
        panel.heading(f"{updates} updates, r = {number(state.rate, 3)}")
    return plot.figure(
        "way",
        "Information gained, entropy produced",
        "Along the way, in training time r t: the information that X gains about what was trained (ΔI, with 95 % "
        "over data sets) and the entropy it produces without gaining any (Σ), one sampler step after each update. "
        "Both are in nats and add up to what X as a whole produces. The same is learned with small updates, for "
        "less.",
    )


LEAST = 1e-6
"""Share of the work below which a lag is not drawn."""


def foretold(reading: TradeOffReading) -> Figure | None:
    """The advice: lag foretold from one τ, and the lag of chains with others on the same way of the parameters.

    None where no lag was seen to foretell from.
    """
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


def trained(reading: TradeOffReading) -> Figure:
    """Whether all states learned the same: cross-entropy of held-out images.

    At the end of the way, against τ; the baseline as a rule.
    """
    counts = reading.updates
    plot = Plot(sampler_axis(reading), right=64, closest=True)
    panel, heights = plot.panel("cross-entropy (nat)"), []
    for chains in reading.kinds:
        for place, updates in enumerate(counts):
            family, shade = reading.family(chains, updates), colour(place, len(counts))
            found = [reading.mean("cross_entropy", state) for state in family]
            name, exact = f"n = {updates}, {called(chains)}", chains is None
            taus, text = [state.sampler_steps for state in family], [name for _ in family]
            draw(panel, taus, found, name, shade, bars=False, dash="solid" if exact else "dot", text=text,
                 end=f"n = {updates}" if exact else "")  # fmt: skip
            heights += [each.value for each in found]
    baseline = reading.mapping("baseline")
    if "cross_entropy" in baseline:
        heights.append(float(baseline["cross_entropy"]))
        panel.rule(heights[-1], str(baseline.get("name", "baseline")), level="below")
    panel.span = spread(heights, pad=0.1)
    error = reading.mean("cross_entropy", reading.states[0]).interval(LEVEL)
    return plot.figure(
        "trained",
        "What was learned",
        "Cross-entropy of held-out images under the models at the end of the way; dotted curves are states with "
        f"few chains. 95 % over data sets, which all states share: ± {number((error[1] - error[0]) / 2)} nat. States "
        "that go the same way end at the same place; where updates are too large to be stable, they do not.",
    )
