"""Entropy production of the marginal: what one sees who does not know which training it was."""

from __future__ import annotations

from szilard.page.axes import axis, layout
from szilard.page.style import BLUE, PURPLE, VERMILLION, Figure, Pen
from szilard.studies.ensemble.figures.marks import ends, has_curve, lines, named, span_of, step_heads, x_axis
from szilard.studies.ensemble.reading import EnsembleReading

QUANTITIES = (
    ("ep_marginal", "marginal entropy production Σ(X)", "Σ(X)", Pen(BLUE)),
    ("work_mean", "conditional entropy production Σ(X|Θ) = W", "Σ(X|Θ)", Pen(VERMILLION, "dash")),
    ("ep_ignorance", "ignorance Δ L-info", "Δ L-info", Pen(PURPLE, "dashdot")),
)


def figure(reading: EnsembleReading) -> Figure | None:
    """None without the marginal's entropy production."""
    if not has_curve(reading, "ep_marginal"):
        return None
    curves = named(reading, QUANTITIES)
    span = span_of(*(each.curve for each in curves))
    return Figure(
        key="production",
        title="Entropy production, marginal and conditional",
        caption=(
            "Σ(X) = ΔS(X) − Q is the entropy production for one who does not know which training it was. It exceeds "
            "that of the single trainings by the change of L-info, Σ(X) − Σ(X|Θ) = Δ L-info. Σ(X) may be negative, "
            "and so may Δ L-info, where trainings become more alike: neither breaks a law. Bands: 95 %."
        ),
        data=[*lines(curves), *step_heads(reading, span)],
        layout=layout(
            axis("nat per input, since the first record", range=list(span), zeroline=True),
            x=x_axis(reading),
            right=84,
            annotations=ends(curves, span),
        ),
    )
