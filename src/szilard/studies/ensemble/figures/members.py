"""The trainings: where to stop them, their losses, and how far L-info spreads among them."""

from __future__ import annotations

import numpy as np

from szilard.numbers import number, percent
from szilard.page.axes import spread
from szilard.page.panel import Panel
from szilard.page.style import BLACK, BLUE, GREEN, PURPLE, VERMILLION, Figure, Pen
from szilard.studies.ensemble.figures.marks import (
    TOTAL,
    Quantity,
    curve_of,
    draw,
    drawn,
    has_curve,
    has_curves_of_members,
    logarithmic_steps,
    members_of,
    named,
    plot_of,
    positions,
    span_of,
    step_heads,
)
from szilard.studies.ensemble.reading import EnsembleReading
from szilard.studies.ensemble.words.budget import stopping as stop_in_words
from szilard.studies.ensemble.words.design import loss_name

BETWEEN, LOSS = Pen(BLUE), Pen(VERMILLION, "dash")

HEADROOM = 0.2
"""Above the curves, for the names of the minima; a share of their height."""


def stopping(reading: EnsembleReading) -> Figure | None:
    """The label-free stopping point: where models of different datasets predict one another best, beside the test loss.

    None where no two members have different datasets of one task.
    """
    stop = reading.stop
    if stop is None or not has_curve(reading, "cross_entropy_between"):
        return None
    curves = named(reading, _quantities(reading))
    low, high = span_of(*(each.curve for each in curves))
    top = high + HEADROOM * (high - low)
    plot = plot_of(reading, right=84)
    panel = plot.panel("cross-entropy (nat per probe input)", span=(low, top))
    draw(panel, curves, symbol="circle")
    _minimum(reading, panel, (stop.index, stop.value), f"stop: {stop.step:,}", top - 0.05 * (top - low), BETWEEN)
    if stop.best_step is not None:
        row = reading.steps.tolist().index(stop.best_step)
        text = f"best {_short(reading)}: {stop.best_step:,}"
        _minimum(reading, panel, (row, stop.best_loss), text, top - 0.12 * (top - low), LOSS)
    step_heads(reading, plot.panels)
    return plot.figure(
        "stopping",
        "Where to stop, without a label",
        f"{stop_in_words(reading)} The curve needs two datasets and no label: it is what models of different "
        "datasets expect, S(X|Θ), and by how much they differ. Diamonds: the minima. Bands: 95 %.",
        wide=True,
    )


def _short(reading: EnsembleReading) -> str:
    """The loss in two words, for a curve's end."""
    return "probe loss" if reading.in_sample else "test loss"


def _quantities(reading: EnsembleReading) -> tuple[Quantity, ...]:
    return (
        ("cross_entropy_between", "cross-entropy between datasets", "between", BETWEEN),
        ("cross_entropy_mean", f"{loss_name(reading)}, needs labels", _short(reading), LOSS),
        ("entropy_conditional_mean", "what each expects, S(X|Θ)", "S(X|Θ)", Pen(BLACK, "dot", 1.6)),
    )


def _minimum(
    reading: EnsembleReading, panel: Panel, place: tuple[int, float], text: str, height: float, pen: Pen
) -> None:
    """The mark of a minimum (its row and value), its name at a height, and a line at its step."""
    row, value = place
    x, side = float(positions(reading)[row]), "left" if row > reading.records // 2 else "right"
    panel.diamond(x, value, pen)
    panel.words(x, height, text, pen.colour, side)
    panel.upright(x, pen=Pen(pen.colour, "dot", 1), behind=True)


PANELS = (
    ("loss", "", "training loss (as given)", "loss", Pen(VERMILLION)),
    ("cross_entropy", "cross_entropy_mean", "test loss (nat)", "mean", Pen(BLUE)),
    ("accuracy", "accuracy_mean", "accuracy (1)", "mean", Pen(GREEN)),
)


def training(reading: EnsembleReading) -> Figure | None:
    """Loss, test loss and accuracy of the members.

    A panel for each that was recorded; None for none.
    """
    found = [panel for panel in PANELS if has_curves_of_members(reading, panel[0])]
    if not found:
        return None
    plot = plot_of(reading, right=70)
    loss = loss_name(reading)
    for column, mean, plain, short, pen in found:
        title, crowd = plain.replace("test loss", loss), members_of(reading, column)
        panel = plot.panel(title)
        panel.crowd(crowd, pen)
        heights = [*(curve.values for curve in crowd), np.zeros(1)]
        if mean and has_curve(reading, mean):
            curve = curve_of(reading, mean)
            heights += [np.minimum(curve.high, 1.0) if column == "accuracy" else curve.high]
            panel.line(curve, f"mean {title.rpartition(' (')[0]}", pen, end=short)
        panel.span = spread(*heights, pad=0.04)
    step_heads(reading, plot.panels)
    return plot.figure(
        "training",
        "Loss and accuracy of the members",
        "Thin: single trainings; thick: their mean with its 95 % band over the outermost clusters. The training "
        f"loss is the mean over the steps since the previous record; {loss} and accuracy are on the probe.",
    )


WIDTH = 0.35
"""Of a strip of dots, as a share of the distance between records."""


def members(reading: EnsembleReading) -> Figure | None:
    """L-info member by member: whether its variance is low, as the paper's Eq. 9 assumes.

    None without the members' own.
    """
    if not has_curve(reading, "l_info_member"):
        return None
    values = reading.column("l_info_member")
    places = _scattered(positions(reading), values.shape[1], logarithmic_steps(reading))
    known = np.isfinite(values)
    names = np.broadcast_to(np.array([_name(reading, member) for member in range(values.shape[1])]), values.shape)
    steps = np.broadcast_to(reading.steps[:, None], values.shape)
    mean = drawn(reading, np.nanmean(np.where(known, values, np.nan), axis=1)) if known.any(1).all() else None
    spreading = reading.known("l_info_spread")
    said = ""
    if spreading is not None and mean is not None and mean.values[-1] > 0:
        share = spreading.value / mean.values[-1]
        said = f" At the end the spread is {number(spreading.value)} nat, {percent(share)} of the mean."
    plot = plot_of(reading, right=70, closest=True)
    panel = plot.panel("L-info of a training (nat per input)", span=spread(values, [0.0]))
    text = [f"{name}, step {step:,}" for name, step in zip(names[known], steps[known], strict=True)]
    panel.dots(places[known], values[known], PURPLE, text=text, unit="nat")
    if mean is not None:
        panel.line(mean, "mean of the members", TOTAL, unit="nat", end="mean")
    return plot.figure(
        "members",
        "L-info, training by training",
        "Each dot is one training: what a prediction tells of it, KL(p(x|θ)‖p(x)). The paper assumes a low "
        f"variance (Eq. 9); this is the spread as it was measured.{said} Line: their mean.",
    )


def _scattered(positions: np.ndarray, count: int, logarithmic: bool) -> np.ndarray:
    """Positions of every member's dots: side by side about their record, always in the same order."""
    where = np.log(positions) if logarithmic else positions.astype(float)
    gap = float(np.diff(where).min()) if len(where) > 1 else 1.0
    offsets = WIDTH * gap * (np.linspace(-1, 1, count) if count > 1 else np.zeros(1))
    spread_out = where[:, None] + offsets
    return np.exp(spread_out) if logarithmic else spread_out


def _name(reading: EnsembleReading, member: int) -> str:
    """Where a member stands in the design."""
    coords = reading.rows.coords
    parts = [f"{level} {int(coords[level].values[member])}" for level in ("task", "dataset", "seed") if level in coords]
    return f"member {member}" + (f" ({', '.join(parts)})" if parts else "")
