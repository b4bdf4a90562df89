"""What the figures of an ensemble share: pens, step axes, curves with their bands, and the step under the pointer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from szilard.page.axes import STEP_TITLE, Axis, Span, spread
from szilard.page.curve import Curve, thinned
from szilard.page.panel import Panel
from szilard.page.plot import Plot
from szilard.page.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, VERMILLION, Pen
from szilard.studies.ensemble.reading import EnsembleReading

TASK, DATASET, SEED, TOTAL = Pen(BLUE), Pen(VERMILLION, "dash"), Pen(GREEN, "dashdot"), Pen(BLACK, "dot", 1.8)

LEVELS = (
    ("info_task", "learned of the task", "learned", TASK),
    ("info_dataset", "memorised of the sample", "memorised", DATASET),
    ("info_seed", "luck of the seed", "luck", SEED),
)
"""Column, words, one word, and pen."""
WHOLE = ("l_info", "L-info, all together", "in all", TOTAL)

INITIALISATION, ORDER = Pen(PURPLE), Pen(ORANGE, "dash")

Quantity = tuple[str, str, str, Pen]
"""Column, words, one word for its end, and pen."""

ROOM = 1.5
"""Bands may make a panel so many times higher than its curves; what is wider than that is cut at its edge."""
FAR = 50
"""A training whose last step is so many times the first one recorded after 0 is shown on logarithmic step axes."""
LEFT = 2.5
"""Step 0 stands at the first step after it, divided by this: a logarithmic axis has no place for it of its own."""
MOST_MEMBERS = 60
"""Drawn as single lines; of more, so many are chosen evenly."""


class Named(NamedTuple):
    """A curve with its name in words, in one word, and its pen."""

    curve: Curve
    words: str
    short: str
    pen: Pen


def named(reading: EnsembleReading, quantities: Sequence[Quantity]) -> list[Named]:
    """The quantities of the ensemble that are known."""
    return [
        Named(curve_of(reading, name), words, short, pen)
        for name, words, short, pen in quantities
        if has_curve(reading, name)
    ]


def draw(panel: Panel, curves: Sequence[Named], *, unit: str = "nat", symbol: str = "") -> None:
    """Every curve with its band, and its name at its end."""
    for each in curves:
        panel.line(each.curve, each.words, each.pen, unit=unit, symbol=symbol, end=each.short)


def span_of(*curves: Curve, zero: bool = True) -> Span:
    """The heights of a panel: every value, and their bands as far as these do not dwarf them.

    Args:
        curves: to be drawn in the panel.
        zero: whether zero must be seen.
    """
    low, high = spread(*(curve.values for curve in curves), *([[0.0]] if zero else []))
    room = 0.5 * ROOM * (high - low)
    bottom, top = spread(*(curve.low for curve in curves), *(curve.high for curve in curves), [low, high], pad=0.03)
    return max(bottom, low - room), min(top, high + room)


def step_heads(reading: EnsembleReading, panels: Sequence[Panel]) -> None:
    """Puts the training step at the head of what a reader sees under the pointer, where step 0 does not stand at 0."""
    if logarithmic_steps(reading):
        for panel in panels:
            panel.heads(positions(reading), reading.steps)


# Curves along the training


def logarithmic_steps(reading: EnsembleReading) -> bool:
    """Whether step axes are logarithmic to begin with."""
    positive = reading.steps[reading.steps > 0]
    return len(positive) > 2 and bool(positive[-1] >= FAR * positive[0])


def positions(reading: EnsembleReading) -> np.ndarray:
    """Where each row stands on the step axis: at its step, but for step 0 on a logarithmic axis."""
    steps = reading.steps.astype(float)
    if logarithmic_steps(reading):
        steps[steps == 0] = steps[steps > 0].min() / LEFT
    return steps


def has_curve(reading: EnsembleReading, *names: str) -> bool:
    """Whether there are two records or more, and all these quantities are finite somewhere."""
    return reading.records > 1 and reading.has(*names)


def has_curves_of_members(reading: EnsembleReading, name: str) -> bool:
    """Whether the members' ledger holds a quantity that is finite somewhere, at two records or more."""
    return reading.records > 1 and bool(np.isfinite(reading.of_members(name)).any())


def curve_of(reading: EnsembleReading, name: str) -> Curve:
    """A quantity of the ensemble along the training, with its 95 % interval where it has an error."""
    errors = reading.errors(name)
    half = None if errors is None or not np.isfinite(errors).any() else reading.half_widths * errors
    return drawn(reading, reading.column(name), half)


def drawn(reading: EnsembleReading, values: np.ndarray, half: np.ndarray | None = None) -> Curve:
    """Numbers of the ensemble's rows as a curve: finite ones, thinned."""
    known = np.flatnonzero(np.isfinite(values))
    rows = known[thinned(len(known))]
    return Curve(positions(reading)[rows], values[rows], None if half is None else half[rows])


def members_of(reading: EnsembleReading, name: str) -> list[Curve]:
    """A quantity of the members' ledger, a curve for each of them (of very many, for some)."""
    values = reading.of_members(name)
    count = values.shape[1]
    chosen = np.unique(np.linspace(0, count - 1, min(count, MOST_MEMBERS)).round().astype(int))
    return [curve for member in chosen if len(curve := drawn(reading, values[:, member]))]


def plot_of(reading: EnsembleReading, right: int, *, closest: bool = False) -> Plot:
    """A plot along the training. Where steps are logarithmic, step 0 has a mark of its own at the left end."""
    if not logarithmic_steps(reading):
        return Plot(right=right, closest=closest)
    steps, places = reading.steps, positions(reading)
    left = places[0]
    ticks = [10**power for power in range(12) if 1.6 * left < 10**power <= 1.05 * places[-1]]
    names = [f"{tick:,}" for tick in ticks]
    if steps[0] == 0:
        ticks, names = [left, *ticks], ["0", *names]
    span = (left / 1.2, places[-1] * 1.04)
    across = Axis(STEP_TITLE, log=True, span=span, at=ticks, called=names, steps=True, headed=False)
    return Plot(across, right=right, closest=closest)
