"""The budget: nats learned of the task, memorised of the sample, and owed to the luck of the seed, along training."""

from __future__ import annotations

from szilard.page.style import Figure
from szilard.studies.ensemble.figures.marks import LEVELS, WHOLE, draw, named, plot_of, span_of, step_heads
from szilard.studies.ensemble.reading import EnsembleReading
from szilard.studies.ensemble.words.amounts import listed

TELLS = {
    "learned": "of the task that its model was trained for (learned)",
    "memorised": "of the very sample it was trained on (memorised)",
    "luck": "of its initialisation and batch order (luck)",
}
"""What each curve is, for the caption."""


def figure(reading: EnsembleReading) -> Figure | None:
    """None where none of the three, and no total, is known."""
    curves = named(reading, LEVELS)
    whole = named(reading, [WHOLE]) if len(curves) != 1 else []
    if not curves and not whole:
        return None
    told = listed([TELLS[each.short] for each in curves]) or "of its model"
    sum_of = " Dotted: their sum, L-info, all that a prediction tells of its model." if curves and whole else ""
    curves += whole
    plot = plot_of(reading, right=92)
    span = span_of(*(each.curve for each in curves))
    draw(plot.panel("information (nat per probe input)", span=span, zero_line=True), curves, symbol="circle")
    step_heads(reading, plot.panels)
    return plot.figure(
        "budget",
        "The budget: learned, memorised, luck",
        f"How many nats a prediction tells {told}.{sum_of} Bands: 95 %, by Student's t over the {_clusters(reading)}.",
        wide=True,
    )


def _clusters(reading: EnsembleReading) -> str:
    """How many outermost clusters the bands rest on, from the first record to the last."""
    first, last = int(reading.clusters[0]), int(reading.clusters[-1])
    if first == last:
        return f"{last} outermost clusters"
    return f"outermost clusters, {first} at first and {last} at the end"
