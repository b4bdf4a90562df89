"""Along the way: information gained and entropy produced, with large and with small updates."""

from __future__ import annotations

from szilard.numbers import number
from szilard.page.axes import Axis, spread
from szilard.page.curve import Curve
from szilard.page.plot import Plot
from szilard.page.style import BLUE, VERMILLION, Figure, Pen
from szilard.studies.tradeoff.reading import TradeOffReading


def figure(reading: TradeOffReading) -> Figure:
    """Infinitely many chains, the fewest and the most updates, at the smallest τ."""
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
