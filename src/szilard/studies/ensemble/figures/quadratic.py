"""The quadratic (Gini) information: the budget's companion that is exactly unbiased."""

from __future__ import annotations

from szilard.page.style import Figure
from szilard.studies.ensemble.figures.marks import LEVELS, draw, named, plot_of, span_of, step_heads
from szilard.studies.ensemble.reading import EnsembleReading


def figure(reading: EnsembleReading) -> Figure | None:
    """None without a single level."""
    curves = named(reading, [(f"{name}_quadratic", words, short, pen) for name, words, short, pen in LEVELS])
    if not curves:
        return None
    plot = plot_of(reading, right=92)
    span = span_of(*(each.curve for each in curves))
    draw(plot.panel("quadratic information (1)", span=span, zero_line=True), curves, unit="")
    step_heads(reading, plot.panels)
    return plot.figure(
        "quadratic",
        "The unbiased companion",
        "Quadratic (Gini) information, the mean square by which knowing a level moves a prediction: a nested "
        "analysis of variance, unbiased for any number of runs. It is no nat, and a value below zero is an honest "
        "one. Where it and the budget tell different stories, trust this one on whether an effect is there.",
    )
