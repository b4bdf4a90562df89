"""The quadratic (Gini) information: the budget's companion that is exactly unbiased."""

from __future__ import annotations

from szilard.page.axes import axis, layout
from szilard.page.style import Figure
from szilard.studies.ensemble.figures.frame import ends, lines, named, reading, span_of
from szilard.studies.ensemble.figures.style import LEVELS
from szilard.studies.ensemble.figures.view import View


def figure(view: View) -> Figure | None:
    """None without a single level."""
    curves = named(view, [(f"{name}_quadratic", words, short, pen) for name, words, short, pen in LEVELS])
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
        data=[*lines(curves, unit=""), *reading(view, span)],
        layout=layout(
            axis("quadratic information (1)", range=list(span), zeroline=True),
            x=view.x_axis(),
            right=92,
            annotations=ends(curves, span),
        ),
    )
