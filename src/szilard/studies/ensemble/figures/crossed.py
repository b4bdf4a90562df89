"""Initialisation against batch order: the two parts of luck in a crossed design."""

from __future__ import annotations

from szilard.page.axes import axis, layout
from szilard.page.style import BLACK, Figure, Pen
from szilard.studies.ensemble.figures.marks import (
    INITIALISATION,
    ORDER,
    SEED,
    ends,
    has_curve,
    lines,
    named,
    span_of,
    step_heads,
    x_axis,
)
from szilard.studies.ensemble.reading import EnsembleReading

NATS = (
    ("info_seed", "luck of the seed", "luck", SEED),
    ("info_seed_initialisation", "of the initialisation", "initialisation", INITIALISATION),
    ("info_seed_order", "of the batch order, given the initialisation", "order", ORDER),
)
QUADRATIC = (
    ("info_seed_initialisation_quadratic", "of the initialisation", "initialisation", INITIALISATION),
    ("info_seed_order_quadratic", "of the batch order", "order", ORDER),
    ("info_seed_interaction_quadratic", "of both together", "interaction", Pen(BLACK, "dot", 1.8)),
)


def figure(reading: EnsembleReading) -> Figure | None:
    """None for designs that are not crossed."""
    if not has_curve(reading, "info_seed_initialisation", "info_seed_order"):
        return None
    data, axes, notes, spans = [], [], [], []
    titles = ("luck (nat)", "quadratic (1)")
    for number, (quantities, title) in enumerate(zip((NATS, QUADRATIC), titles, strict=True), start=1):
        curves = named(reading, quantities)
        if not curves:
            continue
        span = span_of(*(each.curve for each in curves))
        data += lines(curves, unit="nat" if number == 1 else "", panel=number)
        notes += ends(curves, span, number)
        spans.append(span)
        axes.append(axis(title, range=list(span), zeroline=True))
    return Figure(
        key="crossed",
        title="What luck is made of: start and order",
        caption=(
            "Above: the luck of the seed splits into what the initialisation leaves in the predictions and what the "
            "batch order adds. Below: the same for the quadratic information, unbiased and symmetric, with the part "
            "that only both together make. The paper claims that the initialisation fades. Bands: 95 %."
        ),
        data=[*data, *step_heads(reading, *spans)],
        layout=layout(*axes, x=x_axis(reading), right=96, annotations=notes),
        panels=len(axes),
    )
