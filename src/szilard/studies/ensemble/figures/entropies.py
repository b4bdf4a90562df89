"""The nested mixtures: entropies whose distances are the budget."""

from __future__ import annotations

from typing import Any

from szilard.page.axes import axis, layout
from szilard.page.curve import Curve
from szilard.page.drawing import between, label_ends, line
from szilard.page.style import BLACK, BLUE, GREEN, VERMILLION, Figure, Pen
from szilard.studies.ensemble.figures.marks import (
    LEVELS,
    Named,
    Quantity,
    curve_of,
    ends,
    has_curve,
    lines,
    span_of,
    step_heads,
    x_axis,
)
from szilard.studies.ensemble.reading import EnsembleReading

LADDER = (
    ("entropy_marginal_plugin", "of all trainings, S(X)", "S(X)", Pen(BLUE)),
    ("entropy_task", "of one task's trainings", "one task", Pen(VERMILLION, "dash")),
    ("entropy_dataset", "of one dataset's trainings", "one dataset", Pen(GREEN, "dashdot")),
    ("entropy_conditional_mean", "of one training, S(X|Θ)", "S(X|Θ)", Pen(BLACK, "dot")),
)


def figure(reading: EnsembleReading) -> Figure | None:
    """None without marginal and conditional entropy."""
    if not has_curve(reading, "entropy_marginal_plugin", "entropy_conditional_mean"):
        return None
    rungs = [curve_of(reading, name) if has_curve(reading, name) else None for name, *_ in LADDER]
    varies = [reading.count(level) != 1 for level in ("task", "dataset", "seed")]
    data: list[dict[str, Any]] = []
    # Where a level has one member, the mixtures above and below it are the same: one line is enough.
    shown = [True, varies[0], varies[2] and (varies[0] or varies[1]), True]
    curves = [
        Named(Curve(rung.steps, rung.values), words, short, pen)
        for rung, (_, words, short, pen), wanted in zip(rungs, LADDER, shown, strict=True)
        if rung is not None and wanted
    ]
    span = span_of(*(each.curve for each in curves))
    above = _above(rungs, varies)
    top = span_of(*(curve for _, curve, _ in above))
    for lower, upper, level in above:
        data += between(upper.steps, lower.values, upper.values, level[-1], panel=2, share=0.2)
        data += line(upper, f"up to {level[2]}", level[-1], unit="nat", panel=2)
    heights = [
        (level[2], 0.5 * float(lower.values[-1] + upper.values[-1]), level[-1].colour) for lower, upper, level in above
    ]
    return Figure(
        key="entropies",
        title="Where the nats sit",
        caption=(
            "Above: the entropy of a prediction for one who knows nothing of the training, its task, its dataset, or "
            "itself; each piece of knowledge takes a piece of the budget away. Below: these pieces on top of "
            "one another, above S(X|Θ). Plug-in mixtures, before any correction."
        ),
        data=[*data, *lines(curves), *step_heads(reading, span, top)],
        layout=layout(
            axis("entropy (nat per input)", range=list(span)),
            axis("above S(X|Θ) (nat)", range=list(top)),
            x=x_axis(reading),
            right=96,
            annotations=[*ends(curves, span), *label_ends(heights, top, 2)],
        ),
        panels=2,
    )


def _above(rungs: list[Curve | None], varies: list[bool]) -> list[tuple[Curve, Curve, Quantity]]:
    """Each piece of the budget between two heights above S(X|Θ), from the bottom up."""
    floor = rungs[-1]
    pieces = []
    for number in (2, 1, 0):
        upper, lower = rungs[number], rungs[number + 1]
        if upper is None or lower is None or floor is None or not varies[number]:
            continue
        if len(upper) == len(lower) == len(floor):
            low, high = (Curve(floor.steps, each.values - floor.values) for each in (lower, upper))
            pieces.append((low, high, LEVELS[number]))
    return pieces
