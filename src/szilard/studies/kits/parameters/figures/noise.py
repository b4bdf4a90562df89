"""The noise of every layer: how strong it is, whether it remembers, and how large a batch would do."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from szilard.page.axes import Axis, positive, spread, widened
from szilard.page.curve import Curve
from szilard.page.panel import Panel
from szilard.page.plot import Plot
from szilard.page.style import BLACK, INK, Figure, Pen
from szilard.reservoir.replicates import mean_of
from szilard.studies.kits.parameters.claims.whiteness import autocorrelation
from szilard.studies.kits.parameters.figures.marks import LOW, along, draw, margin, named
from szilard.studies.kits.parameters.words import noise_scale
from szilard.studies.kits.watched.bursts import Bursts
from szilard.studies.kits.watched.reading import WatchedReading
from szilard.verdicts.bounds import COLOUR, FEWEST_BURSTS, LEVEL

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "x")
"""One a layer that has a pen."""
FEWEST = 8
"""Bursts in a stretch: the force of a single one drowns in its noise."""


def noise(reading: WatchedReading) -> Figure | None:
    """Noise and force of every layer along the training, on logarithmic scales.

    None with fewer than two bursts.
    """
    bursts = reading.bursts
    if bursts is None or bursts.records < 2:
        return None
    plot = Plot(right=margin(bursts))
    for title, column in (("noise variance c (loss²)", "noise_variance"), ("force² (loss²)", "signal_variance")):
        panel = plot.panel(title, log=True)
        panel.apart = LOW
        draw(panel, bursts, partial(along, bursts, name=column), unit="loss²")
    return plot.figure(
        "noise",
        "Noise and force, layer by layer",
        "Above: variance of a batch's gradient at fixed parameters, the random force, mean over the layer's "
        "parameters. Below: squared mean gradient, the deterministic force. Its estimates may be negative where "
        "noise drowns it; those have no place here. Stationary noise would be level. Bands: 95 %.",
        wide=True,
    )


def correlation(reading: WatchedReading) -> Figure | None:
    """Autocorrelation of the noise by lag, layer by layer, with the band of white noise.

    None with too few bursts, or without lags.
    """
    bursts = reading.bursts
    if bursts is None or bursts.records < FEWEST_BURSTS or 0 not in bursts.lags:
        return None
    places = np.flatnonzero(bursts.lags > 0)
    layers = [layer for layer in named(bursts) if len(bursts.noisy(layer.index)) >= FEWEST_BURSTS]
    if not len(places) or not layers:
        return None
    lags = bursts.lags[places]
    across = Axis("lag (training steps)", span=(float(lags.min()) - 0.4, float(lags.max()) + 0.4), at=lags)
    plot = Plot(across, right=margin(bursts))
    panel, seen = plot.panel("autocorrelation ρ", zero_line=False), [np.array([-COLOUR, COLOUR])]
    for layer, symbol in zip(layers, SYMBOLS, strict=False):
        found = [autocorrelation(bursts, layer.index, [int(place)]) for place in places]
        half = np.array([one.interval(LEVEL)[1] - one.value for one in found])
        values = np.array([one.value for one in found])
        panel.between(lags, -half, half, layer.pen, share=0.10)
        curve, pen = Curve(lags, values), Pen(layer.pen.colour, width=0.8)
        panel.line(curve, layer.name, pen, symbol=symbol, size=8, end=layer.name)
        seen += [values, half, -half]
    panel.span = spread(*seen)
    panel.rule(0.0, pen=Pen(INK, width=1))
    panel.rule(COLOUR, "bound of the audit")
    panel.rule(-COLOUR)
    return plot.figure(
        "correlation",
        "Does the noise remember?",
        "Autocorrelation of the loop's noise from step to step, pooled over all bursts. Of white noise 95 % of the "
        "points of a layer lie in the band of its colour. Shuffled epochs push all lags a little below 0. "
        "At lag 0 it is 1.",
    )


@dataclass(frozen=True, slots=True)
class Stretch:
    """The noise scale over some bursts, in examples.

    Attributes:
        first, last: training steps.
        value: the scale; where no force can be told from zero, the least that it may be.
        low, high: ends of its 95 % interval; infinite above where no force is seen.
    """

    first: int
    last: int
    value: float
    low: float
    high: float

    @property
    def seen(self) -> bool:
        """Whether a force can be told from zero in it."""
        return math.isfinite(self.high)


def stretches(bursts: Bursts) -> list[Stretch]:
    """The last half of the bursts, the quarter before it, and so on: the force is strongest and changes most early on.

    A stretch has the same place whatever it shows, so that nothing is selected.
    """
    edges = [bursts.records]
    while edges[0] // 2 >= FEWEST:
        edges.insert(0, edges[0] // 2)
    found = []
    for begin, end in zip([0, *edges[:-1]], edges, strict=True):
        if end - begin < 2:
            continue
        rows = np.arange(begin, end)
        scale, (low, high) = noise_scale(bursts, rows)
        value = float(scale.value)
        if not math.isfinite(high):
            value = low = _least(bursts, rows)
        if value > 0 and math.isfinite(value):
            found.append(Stretch(int(bursts.steps[begin]), int(bursts.steps[end - 1]), value, low, high))
    return found


def _least(bursts: Bursts, rows: np.ndarray) -> float:
    """Noise over the upper end of the force's interval."""
    noise, signal = (bursts.values(name)[rows] @ bursts.weights for name in ("noise_variance", "signal_variance"))
    most = float(mean_of(signal).interval(LEVEL)[1])
    return bursts.batch_size * float(noise.mean()) / most if most > 0 else math.nan


def scale(reading: WatchedReading) -> Figure | None:
    """The gradient-noise scale along the training, stretch by stretch, with the batch size as a line.

    None without the batch size, or with too few bursts.
    """
    bursts = reading.bursts
    if bursts is None or bursts.batch_size == 0 or bursts.records < FEWEST:
        return None
    found = stretches(bursts)
    if not found:
        return None
    ends = [one.value for one in found] + [end for one in found if one.seen for end in (max(one.low, 1.0), one.high)]
    low, high = positive([*ends, bursts.batch_size])
    plot = Plot(right=16, closest=True)
    panel = plot.panel("examples", log=True, span=widened(low, high, 10**0.15))
    for seen in (True, False):
        if shown := [one for one in found if one.seen is seen]:
            _draw(panel, shown, seen)
    panel.rule(bursts.batch_size, f"batch size: {bursts.batch_size:,}")
    return plot.figure(
        "noise-scale",
        "How large a batch would do",
        "Gradient-noise scale tr C/‖∇U‖² of all parameters, over stretches of the training (horizontal bars). "
        "Batches well below it waste no examples; batches well above it mostly repeat themselves. Vertical bars: "
        "95 %; an arrow stands at the least it may be where no force can be told from zero.",
    )


def _draw(panel: Panel, found: list[Stretch], seen: bool) -> None:
    """Points with their stretch and interval, or arrows that point upwards."""
    middle = np.array([0.5 * (one.first + one.last) for one in found])
    value = np.array([one.value for one in found])
    below, above = (np.array([getattr(one, end) for one in found]) for end in ("low", "high"))
    half = np.array([0.5 * (one.last - one.first) for one in found])
    panel.points(middle, value, "noise scale" if seen else "at least", Pen(BLACK), "circle" if seen else "arrow-up",
                 half=(np.minimum(value - below, 0.99 * value), above - value) if seen else None, across=half,
                 cap=4 if seen else 0, size=8 if seen else 13, unit="examples", spread=False)  # fmt: skip
