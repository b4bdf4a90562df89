"""M-info between its bounds, with the paper's Clausius number beside it."""

from __future__ import annotations

from szilard.page.style import BLUE, PURPLE, VERMILLION, Figure, Pen
from szilard.studies.ensemble.figures.marks import draw, has_curve, named, plot_of, span_of, step_heads
from szilard.studies.ensemble.reading import EnsembleReading

QUANTITIES = (
    ("m_info_lower", "from below: I(X;B) ≤ I(Θ;B)", "at least", Pen(BLUE)),
    ("m_info_upper", "from above", "at most", Pen(VERMILLION, "dash")),
    ("clausius_information", "Clausius number −Q (hypothesis)", "−Q", Pen(PURPLE, "dot", 1.8)),
)


def figure(reading: EnsembleReading) -> Figure | None:
    """None without a bound; the Clausius number alone is no picture of M-info."""
    if not has_curve(reading, "m_info_lower") and not has_curve(reading, "m_info_upper"):
        return None
    curves = named(reading, QUANTITIES)
    unbounded = "" if has_curve(reading, "m_info_upper") else " This design gives no upper bound."
    plot = plot_of(reading, right=80)
    draw(plot.panel("information (nat)", span=span_of(*(each.curve for each in curves))), curves)
    step_heads(reading, plot.panels)
    return plot.figure(
        "m-info",
        "M-info: what the parameters hold of the data",
        "I(Θ;B) lies between what predictions show of the data set and what noise, or the number of data sets, "
        "lets through. −Q is the paper's Clausius number, a hypothesis: nothing forces it between the bounds, and "
        f"it counts nats per input.{unbounded} Bands: 95 %.",
    )
