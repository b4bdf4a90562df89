"""The label-free stopping point: where models of different datasets predict one another best, beside the test loss."""

from __future__ import annotations

from typing import Any

from szilard.page.axes import axis, layout
from szilard.page.drawing import mark
from szilard.page.safe import escape
from szilard.page.style import BLACK, BLUE, VERMILLION, Figure, Pen
from szilard.studies.ensemble.figures.marks import (
    Quantity,
    ends,
    has_curve,
    lines,
    named,
    positions,
    span_of,
    step_heads,
    x_axis,
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
    span = (low, high + HEADROOM * (high - low))
    height = span[1] - span[0]
    marks, rules = _minimum(reading, stop.index, stop.value, f"stop: {stop.step:,}", span[1] - 0.05 * height, BETWEEN)
    if stop.best_step is not None:
        row = reading.steps.tolist().index(stop.best_step)
        text = f"best {_short(reading)}: {stop.best_step:,}"
        more = _minimum(reading, row, stop.best_loss, text, span[1] - 0.12 * height, LOSS)
        marks, rules = marks + more[0], rules + more[1]
    return Figure(
        key="stopping",
        title="Where to stop, without a label",
        caption=(
            f"{stopping(reading)} The curve needs two datasets and no label: it is what models of different "
            "datasets expect, S(X|Θ), and by how much they differ. Diamonds: the minima. Bands: 95 %."
        ),
        data=[*lines(curves, markers=True), *marks, *step_heads(reading, span)],
        layout=layout(
            axis("cross-entropy (nat per probe input)", range=list(span)),
            x=x_axis(reading),
            right=84,
            shapes=rules,
            annotations=ends(curves, span),
        ),
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
    reading: EnsembleReading, row: int, value: float, text: str, height: float, pen: Pen
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The mark of a minimum and its name (traces, which follow when the axis is switched), and a rule at its step."""
    x, side = float(positions(reading)[row]), "left" if row > reading.records // 2 else "right"
    name = {"type": "scatter", "mode": "text", "x": [x], "y": [height], "text": [f" {escape(text)} "],
            "textposition": f"middle {side}", "textfont": {"color": pen.colour, "size": 12}, "hoverinfo": "skip",
            "showlegend": False}  # fmt: skip
    rule = {"type": "line", "xref": "x", "x0": x, "x1": x, "yref": "y domain", "y0": 0, "y1": 1, "layer": "below",
            "line": {"color": pen.colour, "width": 1, "dash": "dot"}}  # fmt: skip
    return [mark(x, value, pen), name], [rule]
