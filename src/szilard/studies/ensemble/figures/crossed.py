"""Initialisation against batch order: the two parts of luck in a crossed design."""

from __future__ import annotations

from szilard.page.style import BLACK, Figure, Pen
from szilard.studies.ensemble.figures.marks import (
    INITIALISATION,
    ORDER,
    SEED,
    draw,
    has_curve,
    named,
    plot_of,
    span_of,
    step_heads,
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
    plot = plot_of(reading, right=96)
    for quantities, title, unit in ((NATS, "luck (nat)", "nat"), (QUADRATIC, "quadratic (1)", "")):
        curves = named(reading, quantities)
        if curves:
            span = span_of(*(each.curve for each in curves))
            draw(plot.panel(title, span=span, zero_line=True), curves, unit=unit)
    step_heads(reading, plot.panels)
    return plot.figure(
        "crossed",
        "What luck is made of: start and order",
        "Above: the luck of the seed splits into what the initialisation leaves in the predictions and what the "
        "batch order adds. Below: the same for the quadratic information, unbiased and symmetric, with the part "
        "that only both together make. The paper claims that the initialisation fades. Bands: 95 %.",
    )
