"""The quadratic (Gini) information: the budget's companion that is exactly unbiased."""

from __future__ import annotations

from szilard.page.axes import axis, layout
from szilard.page.style import Figure
from szilard.studies.ensemble.figures.marks import LEVELS, ends, lines, named, span_of, step_heads, x_axis
from szilard.studies.ensemble.reading import EnsembleReading


def figure(reading: EnsembleReading) -> Figure | None:
    """None without a single level."""
    curves = named(reading, [(f"{name}_quadratic", words, short, pen) for name, words, short, pen in LEVELS])
    if not curves:
        return None
    span = span_of(*(each.curve for each in curves))
    return Figure(
        key="quadratic",
        title="The unbiased companion",
        caption=(
            "Quadratic (Gini) information, the mean square by which knowing a level moves a prediction: a nested "
            "analysis of variance, unbiased for any number of runs. It is no nat, and a value below zero is an honest "
            "one. Where it and the budget tell different stories, trust this one on whether an effect is there."
        ),
        data=[*lines(curves, unit=""), *step_heads(reading, span)],
        layout=layout(
            axis("quadratic information (1)", range=list(span), zeroline=True),
            x=x_axis(reading),
            right=92,
            annotations=ends(curves, span),
        ),
    )
