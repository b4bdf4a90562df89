"""Entropy production of the marginal: what one sees who does not know which training it was."""

from __future__ import annotations

from szilard.page.style import BLUE, PURPLE, VERMILLION, Figure, Pen
from szilard.studies.ensemble.figures.marks import draw, has_curve, named, plot_of, span_of, step_heads
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
    plot = plot_of(reading, right=84)
    span = span_of(*(each.curve for each in curves))
    draw(plot.panel("nat per input, since the first record", span=span, zero_line=True), curves)
    step_heads(reading, plot.panels)
    return plot.figure(
        "production",
        "Entropy production, marginal and conditional",
        "Σ(X) = ΔS(X) − Q is the entropy production for one who does not know which training it was. It exceeds "
        "that of the single trainings by the change of L-info, Σ(X) − Σ(X|Θ) = Δ L-info. Σ(X) may be negative, "
        "and so may Δ L-info, where trainings become more alike: neither breaks a law. Bands: 95 %.",
    )
