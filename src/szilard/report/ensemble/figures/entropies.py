"""The nested mixtures: entropies whose distances are the budget."""

from __future__ import annotations

from szilard.report.axes import axis, layout
from szilard.report.curve import Curve
from szilard.report.drawing import between
from szilard.report.ensemble.frame import Named, ends, lines, reading, span_of
from szilard.report.ensemble.style import LEVELS
from szilard.report.ensemble.view import View
from szilard.report.style import BLACK, BLUE, GREEN, VERMILLION, Figure, Pen

LADDER = (
    ("entropy_marginal_plugin", "of all trainings, S(X)", "S(X)", Pen(BLUE)),
    ("entropy_task", "of one task's trainings", "one task", Pen(VERMILLION, "dash")),
    ("entropy_dataset", "of one dataset's trainings", "one dataset", Pen(GREEN, "dashdot")),
    ("entropy_conditional_mean", "of one training, S(X|Θ)", "S(X|Θ)", Pen(BLACK, "dot")),
)


def figure(view: View) -> Figure | None:
    """None without marginal and conditional entropy."""
    if not view.has("entropy_marginal_plugin", "entropy_conditional_mean"):
        return None
    rungs = [view.curve(name) if view.has(name) else None for name, *_ in LADDER]
    varies = [view.record.count(level) != 1 for level in ("task", "dataset", "seed")]
    data = []
    for upper, lower, told, level in zip(rungs, rungs[1:], varies, LEVELS, strict=False):
        if told and upper is not None and lower is not None and len(upper) == len(lower):
            data += between(upper.steps, lower.values, upper.values, level[-1], share=0.2)
    # Where a level has one member, the mixtures above and below it are the same: one line is enough.
    shown = [True, varies[0], varies[2] and (varies[0] or varies[1]), True]
    curves = [
        Named(Curve(rung.steps, rung.values), words, short, pen)
        for rung, (_, words, short, pen), wanted in zip(rungs, LADDER, shown, strict=True)
        if rung is not None and wanted
    ]
    span = span_of(*(each.curve for each in curves))
    return Figure(
        key="entropies",
        title="Where the nats sit",
        caption=(
            "Entropy of a prediction for one who knows nothing of the training, its task, its dataset, or the training "
            "itself: each piece of knowledge takes a piece of the budget away (shaded: learned, memorised, luck). "
            "Plug-in mixtures, before any correction."
        ),
        data=[*data, *lines(curves), *reading(view, span)],
        layout=layout(
            axis("entropy (nat per probe input)", range=list(span)),
            x=view.x_axis(),
            right=96,
            annotations=ends(curves, span),
        ),
    )
