"""How layers are drawn: a pen of its own for each, the same in all figures, and few enough to be told apart."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from szilard.errors import RecordError
from szilard.estimate import Estimate, Kind
from szilard.page.axes import Span, spread
from szilard.page.curve import Curve
from szilard.page.panel import Panel
from szilard.page.style import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, VERMILLION, Pen
from szilard.reservoir.time_average import time_average, time_ratio
from szilard.studies.kits.watched.bursts import Bursts
from szilard.verdicts.bounds import LEVEL

PENS = (
    Pen(BLUE), Pen(VERMILLION, "dash"), Pen(GREEN, "dashdot"), Pen(PURPLE, "longdash"), Pen(ORANGE, "dot"), Pen(BLACK),
)  # fmt: skip
CROWD = Pen(GREY)
"""Layers beyond those that have a pen."""
BINS = 40
"""Points along the training: more bursts are averaged with their neighbours."""
TOGETHER = 5
"""The fewest bursts that are averaged, where any are."""
SHARE = 0.11
"""How opaque bands are: several lie over one another."""
LOW = 0.12
"""Between names in a panel that shares its figure with another."""
LONGEST = 18
"""Letters of a layer's name at the end of its curve."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A group of parameters with its pen.

    Attributes:
        index: in the record.
        name: short enough to stand at the end of a curve.
        pen: how it is drawn everywhere.
    """

    index: int
    name: str
    pen: Pen


def named(bursts: Bursts) -> list[Layer]:
    """The layers that have a pen, in the order of the model: of many the hottest, the coldest and some between."""
    chosen = np.arange(bursts.groups)
    if len(chosen) > len(PENS):
        heat = np.nan_to_num(bursts.values("temperature_noise")[bursts.late]).mean(0)
        ranks = np.linspace(0, bursts.groups - 1, len(PENS)).round().astype(int)
        chosen = np.sort(np.argsort(heat)[ranks])
    return [Layer(int(index), shortened(bursts.names[index]), pen) for index, pen in zip(chosen, PENS, strict=False)]


def crowd(bursts: Bursts) -> list[int]:
    """The layers that have no pen, by their places."""
    having = {layer.index for layer in named(bursts)}
    return [index for index in range(bursts.groups) if index not in having]


def shortened(name: str) -> str:
    """Head and tail of a long name.

    Example:
        >>> shortened("encoder.layers.11.self_attn.out_proj.weight")
        'encoder…roj.weight'
    """
    return name if len(name) <= LONGEST else f"{name[:7]}…{name[-(LONGEST - 8) :]}"


def margin(bursts: Bursts) -> int:
    """Pixels that the names need to the right of a figure."""
    return 20 + 8 * max(len(layer.name) for layer in named(bursts))


def along(bursts: Bursts, layer: int, name: str) -> Curve:
    """A column of a layer along the training, with 95 % intervals: over bursts averaged together, else of each."""
    values = bursts.values(name)[:, layer]
    errors = bursts.values(f"{name}_error")[:, layer] if bursts.has(f"{name}_error") else None

    def one(rows: np.ndarray) -> Estimate:
        if len(rows) > 2:
            return time_average(values[rows]).value
        freedom = max(bursts.burst_steps - 1.0, 1.0)
        return Estimate(
            float(values[rows[0]]), 0.0 if errors is None else float(errors[rows[0]]), Kind.UNBIASED, freedom
        )

    return _binned(bursts, np.flatnonzero(np.isfinite(values)), one)


def ratio_along(bursts: Bursts, numerator: np.ndarray, denominator: np.ndarray) -> Curve:
    """⟨a⟩/⟨b⟩ of neighbouring bursts along the training, with 95 % intervals; (records,) each."""
    known = np.flatnonzero(np.isfinite(numerator) & np.isfinite(denominator) & (denominator > 0))
    return _binned(bursts, known, lambda rows: time_ratio(numerator[rows], denominator[rows]).value, fewest=TOGETHER)


def _binned(bursts: Bursts, rows: np.ndarray, one: Callable[[np.ndarray], Estimate], fewest: int = 1) -> Curve:
    fewest = max(fewest, TOGETHER if len(rows) > BINS else 1)
    bins = max(min(BINS, len(rows) // fewest), 1)
    steps, values, halves = [], [], []
    for part in np.array_split(rows, bins) if bins < len(rows) else rows[:, None]:
        if not len(part):
            continue
        try:
            estimate = one(part)
        except RecordError:
            continue
        steps.append(float(bursts.steps[part].mean()))
        values.append(float(estimate.value))
        halves.append(float(estimate.interval(LEVEL)[1] - estimate.value))
    return Curve(np.array(steps), np.array(values), np.array(halves))


def draw(
    panel: Panel, bursts: Bursts, curve_of: Callable[[int], Curve], *, unit: str = "",
    within: Span = (-math.inf, math.inf),
) -> bool:  # fmt: skip
    """Draws all layers in a panel, which gets its span; whether there was anything to draw.

    On a logarithmic axis points that are not positive are left out, and bands end at its lower edge.

    Args:
        panel: to draw in.
        bursts: of the record.
        curve_of: the curve of a layer, by its index.
        unit: behind the number under the pointer.
        within: limits of the span, where a few points would set the scale.
    """
    log = panel.y.log
    layers = [(layer, _positive(curve_of(layer.index), log)) for layer in named(bursts)]
    others = [_positive(curve_of(index), log) for index in crowd(bursts)]
    curves = [curve for curve in (*(curve for _, curve in layers), *others) if len(curve)]
    if not curves:
        panel.span = (1.0, 10.0) if log else (0.0, 1.0)
        return False
    low, high = spread(*(curve.values for curve in curves), *([] if log else map(_near, curves)), log=log)
    low, high = panel.span = max(low, within[0]), min(high, within[1])
    if others:
        panel.crowd([curve for curve in others if len(curve)], CROWD)
    for layer, curve in layers:
        if len(curve):
            panel.between(curve.steps, np.maximum(curve.low, low), curve.high, layer.pen, share=SHARE)
            panel.line(Curve(curve.steps, curve.values), layer.name, layer.pen, unit=unit)
            panel.end(layer.name, min(max(float(curve.values[-1]), low), high), layer.pen.colour)
    return True


def _positive(curve: Curve, log: bool) -> Curve:
    if not log:
        return curve
    keep = curve.values > 0
    return Curve(curve.steps[keep], curve.values[keep], None if curve.half is None else curve.half[keep])


def _near(curve: Curve) -> np.ndarray:
    """Ends of the middle nine tenths of the intervals: the widest do not set the scale."""
    width = np.quantile(curve.high - curve.values, 0.9) if len(curve) else 0.0
    narrow = curve.high - curve.values <= width
    return np.concatenate([curve.low[narrow], curve.high[narrow]])
