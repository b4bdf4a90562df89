"""The way back: how far it strays from the way there, layer by layer, by which law, and above which rounding."""

from __future__ import annotations

import numpy as np

from szilard.numbers import number
from szilard.page.axes import Axis, positive, widened
from szilard.page.plot import Plot
from szilard.page.style import Figure, Pen
from szilard.studies.reversal.figures.marks import (
    COLOURS,
    MOST,
    SIZE,
    SYMBOLS,
    medians,
    rate_axis,
    rate_of,
    ribbon,
    shade,
    when,
)
from szilard.studies.reversal.reading import ReversalReading
from szilard.verdicts.bounds import RETRACED


def back(reading: ReversalReading) -> Figure:
    """The way back: how far the reversed path lies from the path it came, step by step, at every rate.

    A panel for each start; the model itself, medians over seeds.
    """
    relative = np.median(reading.relative()[1:, ..., 0], axis=2)  # (steps, starts, rates)
    back = reading.rows["step"].values[1:]
    drawn = np.where(relative <= MOST, relative, np.nan)
    plot = Plot(Axis("steps taken back", span=(0, float(back[-1]))), right=64)
    count = len(reading.rates)
    named = {place for place in (0, 1, 2, count // 2, count - 1) if place < count}
    for column, start in enumerate(reading.starts):
        panel = plot.panel("share of the way missed", log=True, span=(positive(drawn)[0] / 1.6, MOST))
        for place in range(count):
            values, pen = relative[:, column, place], Pen(shade(place, count), width=2.6 if place == 0 else 1.8)
            panel.line(medians(back, _cut(values)), f"r = {number(reading.rates[place])}", pen)
            if place in named and values[-1] <= MOST:
                panel.end(rate_of(place), float(values[-1]), pen.colour)
            beyond = np.flatnonzero(~(values <= MOST))
            if len(beyond):
                text, left = rate_of(place), float(back[beyond[0]])
                panel.over(text, left, pen.colour, shift=(2, 0), level="below")
        panel.heading(f"{when(start)}, {reading.networks[0]}", below=True)
        panel.rule(RETRACED, "a tenth", right=True)
    return plot.figure(
        "back",
        "The way back: reversed inputs, gradient ascent",
        "Distance of the reversed path θ† from the path that was taken, over the way that there was to go back, "
        f"‖θ†_t − θ_t‖/‖θ_n − θ_t‖. Vermillion: the training's own rate r = {reading.rates[0]:g}; each further "
        "curve at half the rate of the one before. Curves that leave at the top overflow: every miss is carried "
        "back by 1 + rH. Medians over seeds.",
        wide=True,
    )


def _cut(values: np.ndarray) -> np.ndarray:
    """Up to where it first leaves the panel, the point beyond included so that the line crosses the edge."""
    beyond = np.flatnonzero(~(values <= MOST))
    kept = values.copy()
    if len(beyond):
        kept[beyond[0] + 1 :] = np.nan
        kept[beyond[0]] = min(kept[beyond[0]], 1e3 * MOST) if np.isfinite(kept[beyond[0]]) else 1e3 * MOST
    return kept


MOST_LAYERS = 10


def layers(reading: ReversalReading) -> Figure | None:
    """Which layers stray: the share of its own way that each misses, against the rate.

    None for a single layer, or more of them than can be told apart.
    """
    names = reading.groups[1:]
    if not 1 < len(names) <= MOST_LAYERS:
        return None
    relative = np.median(reading.relative()[-1, ..., 1:], axis=1)  # (starts, rates, layers)
    shown = np.where(relative <= MOST, relative, np.nan)
    plot = Plot(rate_axis(reading.rates), right=72)
    for place, start in enumerate(reading.starts):
        panel = plot.panel("share of its way missed", log=True, span=widened(*positive(shown)))
        panel.heading(when(start))
        for layer, name in enumerate(names):
            values, pen = shown[place, :, layer], Pen(COLOURS[layer % len(COLOURS)])
            panel.line(medians(reading.rates, values), name, pen, symbol=SYMBOLS[layer % len(SYMBOLS)], size=SIZE)
            known = values[np.isfinite(values)]
            panel.end(f"layer {layer + 1}", float(known[0]) if len(known) else np.nan, pen.colour)
    return plot.figure(
        "layers",
        "Layer by layer",
        f"The share of its own way that each layer misses after {reading.length} steps back, "
        f"{reading.networks[0]}, medians over seeds. Points above the panel are left out.",
    )


NETWORK_DASHES = ("solid", "dash")
NETWORK_SYMBOLS = ("circle", "diamond-open")


def law(reading: ReversalReading) -> Figure:
    """The r² law: what is left of the distance when r² is taken out of it, for one step and for many.

    Both networks; above one step back, below all of them.
    """
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
                pen = Pen(COLOURS[place % len(COLOURS)], NETWORK_DASHES[network % 2])
                over_seeds = values[network, place]
                middle = np.median(over_seeds, axis=0)
                if network == 0:
                    keep = over_seeds.max(0) <= high
                    ribbon(panel, rates[keep], over_seeds[:, keep], pen)
                curve = medians(rates, np.where(middle <= high, middle, np.nan))
                panel.line(curve, f"{called}, {when(start)}", pen, symbol=NETWORK_SYMBOLS[network % 2], size=SIZE,
                           legend=len(plot.panels) == 1)  # fmt: skip
    return plot.figure(
        "law",
        "The r² law",
        "A miss that goes as r² is flat here, at the height ‖H g‖ for one step. To the right the misses amplify "
        f"one another. Dashed: the second network ({', '.join(reading.networks[1:]) or 'none'}). Where "
        "activations have kinks, units that turn on or off make the gradient jump, and the constant may rise "
        "towards small r before it falls to that between kinks. Medians over seeds; bands: their whole range.",
    )


def arithmetic(reading: ReversalReading) -> Figure | None:
    """The floor: what float32 arithmetic makes of the same paths.

    The network with the smallest distances, where rounding shows first.
    """
    double = np.median(reading.rows["distance"].values[-1, ..., 0], axis=2)  # (networks, starts, rates)
    single = np.median(reading.rows["distance_single"].values[-1], axis=2)
    network = len(reading.networks) - 1
    shown = np.where(double[network] < 1e3, double[network], np.nan)
    rounded = np.where(single[network] < 1e3, single[network], np.nan)
    plot = Plot(rate_axis(reading.rates), right=72)
    panel = plot.panel("distance ‖θ†_0 − θ_0‖", log=True, span=widened(*positive(shown, rounded)))
    for place, start in enumerate(reading.starts):
        pen = Pen(COLOURS[place % len(COLOURS)])
        exact, single = (medians(reading.rates, values[place]) for values in (shown, rounded))
        panel.line(exact, f"float64, {when(start)}", pen, symbol="circle", size=SIZE)
        panel.line(single, f"float32, {when(start)}", Pen(pen.colour, "dot"), symbol="x-thin-open", size=SIZE)
        known = shown[place][np.isfinite(shown[place])]
        panel.end(f"step {start:,}", float(known[0]) if len(known) else np.nan, pen.colour)
    return plot.figure(
        "arithmetic",
        "Above rounding",
        f"Distance from θ_0 after {reading.length} steps back ({reading.networks[network]}): float64 (circles) "
        "and float32 (crosses, dotted). Without rounding the distance goes as r² at small r; where float32 departs "
        "from float64, its own rounding begins. Medians over seeds.",
    )
