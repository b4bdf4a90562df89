"""The four panels of the paper's Figure 3, and how batch sizes look everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from szilard.page.axes import STEPS, Axis, positive, spread
from szilard.page.curve import Curve
from szilard.page.marks import JOINED
from szilard.page.notes import SAID
from szilard.page.panel import Panel
from szilard.page.plot import Place, Plot
from szilard.page.style import BLUE, GREEN, ORANGE, PURPLE, VERMILLION, Figure, Pen
from szilard.studies.fig3.reading import Fig3Reading

PENS = (Pen(VERMILLION), Pen(BLUE, "dash"), Pen(GREEN, "dot"), Pen(PURPLE, "dashdot"), Pen(ORANGE, "longdash"))
"""Of the batch sizes, from the smallest."""


def pen_of(batch: int) -> Pen:
    """The colour and dash of a batch size, by its place."""
    return PENS[batch % len(PENS)]


LEFT, RIGHT = (0.0, 0.405), (0.565, 0.97)
TOP, BOTTOM = (0.565, 0.955), (0.0, 0.39)
SQUARE: Sequence[Place] = ((LEFT, TOP), (RIGHT, TOP), (LEFT, BOTTOM), (RIGHT, BOTTOM))
COLUMN: Sequence[Place] = tuple(((0.0, 1.0), (top - 0.165, top)) for top in (0.97, 0.71, 0.45, 0.19))
"""On narrow screens."""
TRAININGS = 4
"""Whose paths are drawn at each batch size, as in the paper."""
STEP = 1000
"""At which the paper shows the autocorrelation."""
ACROSS = replace(STEPS, most=6)
"""The step axes: panels are small."""
MARKS = (("circle", "●"), ("square", "■"), ("diamond", "◆"), ("cross", "✚"), ("x", "✖"))
"""Of the batch sizes: Plotly's name of a mark, and the mark."""


def panels(reading: Fig3Reading) -> Figure | None:
    """The four panels of the paper's Figure 3.

    None where nothing can be drawn.
    """
    if not reading.shown:
        return None
    plot = Plot(right=66, closest=True, places=SQUARE)
    _paths(reading, plot.panel("θ(t) − θ(0)", ACROSS))
    _accuracy(reading, plot.panel("accuracy", ACROSS, span=(0, 1.0)))
    _variance(reading, plot.panel("tr C/(|b| dim θ)  (nat²)", ACROSS, log=True, every=1))
    _correlation(reading, plot.panel("C(t, h)  (nat²)", _lags(reading), most=6))
    return plot.figure(
        "fig3",
        "The paper’s Figure 3",
        _caption(reading),
        panels=3,
        wide=True,
        narrow=plot.layout(COLUMN),
        narrow_panels=5,
    )


def _paths(reading: Fig3Reading, panel: Panel) -> None:
    """The way of one parameter from where it started, in four trainings at each batch size."""
    panel.title("a", "Paths of one parameter of the last layer")
    steps, seen = np.asarray(reading.paths["step"].values, dtype=float), []
    for place, batch in enumerate(reading.shown):
        seen.append(drift := reading.drift(batch)[:, :TRAININGS, 0])
        panel.crowd([Curve(steps, path) for path in drift.T], pen_of(batch).at(1.1), opacity=0.85)
        panel.corner(reading.label(batch), 0.02 + 0.19 * place, 1.0, pen_of(batch).colour, level="below", size=13)
    low, high = spread(*seen)
    panel.span = (low, high + 0.12 * (high - low))


def _accuracy(reading: Fig3Reading, panel: Panel) -> None:
    """Mean over trainings; the shade is their standard deviation, as in the paper."""
    panel.title("b", "Accuracy: mean and spread over trainings")
    steps = reading.steps.astype(float)
    for batch in reading.shown:
        mean, deviation = reading.mean("accuracy", batch).value, np.nan_to_num(reading.spread("accuracy", batch))
        panel.between(steps, mean - deviation, mean + deviation, pen_of(batch), share=0.25)
        panel.line(Curve(steps, mean), reading.label(batch), pen_of(batch), end=reading.label(batch))


def _variance(reading: Fig3Reading, panel: Panel) -> None:
    """Mean over trainings with its 95 % interval; the largest force as the paper draws it, and its square."""
    panel.title("c", "Variance of the noise, mean over parameters")
    steps, heights = reading.steps.astype(float), []
    for batch in reading.shown:
        noise = reading.mean("noise_variance", batch)
        heights.append(mean := noise.value[:, 0])
        half = np.nan_to_num(reading.half_widths[batch] * noise.error[:, 0])
        panel.between(steps, np.maximum(mean - half, 0.2 * mean), mean + half, pen_of(batch), share=0.25)
        panel.line(Curve(steps, mean), reading.label(batch), pen_of(batch), unit="nat²", end=reading.label(batch))
    force = _largest_force(reading)
    if np.isfinite(force):
        panel.rule(force, "max |∇U_B|, nat", Pen(SAID, "dash", 1.4), right=True, size=12)
        panel.rule(force**2, "its square, nat²", Pen(SAID, "dot", 1.4), right=True, size=12)
        heights.append(np.array([force, force**2]))
    low, high = positive(*heights)
    panel.span = (low / 10**0.25, high * 10**0.45)


def _largest_force(reading: Fig3Reading) -> float:
    """The greatest component of the force that was seen at any time, in any training."""
    values = [reading.of_watched("max_force", batch)[..., 0] for batch in reading.shown]
    found = np.concatenate([each.ravel() for each in values])
    return float(np.nanmax(found)) if np.isfinite(found).any() else float("nan")


def _correlation(reading: Fig3Reading, panel: Panel) -> None:
    """C(t, h) by lag, mean over trainings with 95 % intervals."""
    start, near = _start(reading), reading.near_lags
    panel.title("d", f"Its covariance in time, from step {'–' if start is None else f'{reading.starts[start]:,}'} on")
    if start is None:
        return
    top, lags = 0.0, reading.lags[near].astype(float)
    for place, batch in enumerate(reading.shown):
        values = reading.covariance(batch)[start][:, 0, near]
        if not len(values):
            continue
        mean, pen = values.mean(0), pen_of(batch)
        several = len(values) > 1
        error = values.std(0, ddof=1) / np.sqrt(len(values)) if several else 0 * mean
        half = reading.half_widths[batch] * error if several else error
        symbol, sign = MARKS[place % len(MARKS)]
        panel.points(lags, mean, reading.label(batch), pen.at(JOINED), symbol, half=half, joined=True, unit="nat²")
        panel.corner(f"{sign} {reading.label(batch)}", 0.98, 1.0 - 0.11 * place, pen.colour, side="left",
                     level="below", size=13)  # fmt: skip
        top = max(top, float((mean + np.nan_to_num(half)).max()))
    panel.span = (-0.08 * top, 1.12 * top)


def _start(reading: Fig3Reading) -> int | None:
    """The place of the start whose correlation is shown: the nearest to the paper's; None without any."""
    starts = np.array(reading.starts, dtype=float)
    return int(np.argmin(np.abs(np.log1p(starts) - np.log1p(STEP)))) if len(starts) else None


def _lags(reading: Fig3Reading) -> Axis:
    last = float(reading.lags[reading.near_lags[-1]]) if len(reading.near_lags) else 1.0
    reach = max(last, 1)
    return Axis("lag h (training steps)", span=(-0.04 * reach, 1.04 * reach), every=max(1, last // 5))


def _caption(reading: Fig3Reading) -> str:
    trials = ", ".join(f"{reading.trials(batch)} at {reading.label(batch)}" for batch in reading.shown)
    drawn = min(TRAININGS, max(reading.trials(batch) for batch in reading.shown))
    return (
        f"Trainings: {trials}. (a) One parameter of the last layer, chosen at random: its way from where it started in "
        f"{drawn} trainings at each batch size. (b) Shade: standard deviation over trainings. (c) Shade: 95 % interval "
        "of the mean. The paper draws max |∇U_B| beside these variances; a force is to be compared with the root of a "
        "variance, or its square with the variance. (d) Bars: 95 % intervals over trainings."
    )
