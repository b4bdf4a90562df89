"""The nested mixtures: entropies whose distances are the budget."""

from __future__ import annotations

from szilard.page.curve import Curve
from szilard.page.style import BLACK, BLUE, GREEN, VERMILLION, Figure, Pen
from szilard.studies.ensemble.figures.marks import (
    LEVELS,
    Named,
    Quantity,
    curve_of,
    draw,
    has_curve,
    plot_of,
    span_of,
    step_heads,
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
    # Where a level has one member, the mixtures above and below it are the same: one line is enough.
    shown = [True, varies[0], varies[2] and (varies[0] or varies[1]), True]
    curves = [
        Named(Curve(rung.steps, rung.values), words, short, pen)
        for rung, (_, words, short, pen), wanted in zip(rungs, LADDER, shown, strict=True)
        if rung is not None and wanted
    ]
    plot = plot_of(reading, right=96)
    draw(plot.panel("entropy (nat per input)", span=span_of(*(each.curve for each in curves))), curves)
    above = _above(rungs, varies)
    panel = plot.panel("above S(X|Θ) (nat)", span=span_of(*(curve for _, curve, _ in above)))
    for lower, upper, (_, _, short, pen) in above:
        panel.between(upper.steps, lower.values, upper.values, pen, share=0.2)
        panel.line(upper, f"up to {short}", pen, unit="nat")
        panel.end(short, 0.5 * float(lower.values[-1] + upper.values[-1]), pen.colour)
    step_heads(reading, plot.panels)
    return plot.figure(
        "entropies",
        "Where the nats sit",
        "Above: the entropy of a prediction for one who knows nothing of the training, its task, its dataset, or "
        "itself; each piece of knowledge takes a piece of the budget away. Below: these pieces on top of "
        "one another, above S(X|Θ). Plug-in mixtures, before any correction.",
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
