"""The gradient-noise scale along the training, stretch by stretch, with the batch size as a line."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from szilard.page.axes import positive, widened
from szilard.page.panel import Panel
from szilard.page.plot import Plot
from szilard.page.style import BLACK, Figure, Pen
from szilard.reservoir.replicates import mean_of
from szilard.studies.kits.parameters.words import noise_scale
from szilard.studies.kits.watched.bursts import Bursts
from szilard.studies.kits.watched.reading import WatchedReading
from szilard.verdicts.bounds import LEVEL

FEWEST = 8
"""Bursts in a stretch: the force of a single one drowns in its noise."""


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


def figure(reading: WatchedReading) -> Figure | None:
    """None without the batch size, or with too few bursts."""
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
