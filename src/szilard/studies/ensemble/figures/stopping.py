"""The label-free stopping point: where models of different datasets predict one another best, beside the test loss."""

from __future__ import annotations

from szilard.page.panel import Panel
from szilard.page.style import BLACK, BLUE, VERMILLION, Figure, Pen
from szilard.studies.ensemble.figures.marks import (
    Quantity,
    draw,
    has_curve,
    named,
    plot_of,
    positions,
    span_of,
    step_heads,
)
from szilard.studies.ensemble.reading import EnsembleReading
from szilard.studies.ensemble.words.budget import stopping
from szilard.studies.ensemble.words.design import loss_name

BETWEEN, LOSS = Pen(BLUE), Pen(VERMILLION, "dash")

HEADROOM = 0.2
"""Above the curves, for the names of the minima; a share of their height."""


def figure(reading: EnsembleReading) -> Figure | None:
    """None where no two members have different datasets of one task."""
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
        f"{stopping(reading)} The curve needs two datasets and no label: it is what models of different "
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
