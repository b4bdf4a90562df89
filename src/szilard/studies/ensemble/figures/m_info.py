"""M-info between its bounds, with the paper's Clausius number beside it."""

from __future__ import annotations

from szilard.page.axes import axis, layout
from szilard.page.style import BLUE, PURPLE, VERMILLION, Figure, Pen
from szilard.studies.ensemble.figures.marks import ends, has_curve, lines, named, span_of, step_heads, x_axis
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
    span = span_of(*(each.curve for each in curves))
    return Figure(
        key="m-info",
        title="M-info: what the parameters hold of the data",
        caption=(
            "I(Θ;B) lies between what predictions show of the data set and what noise, or the number of data sets, "
            "lets through. −Q is the paper's Clausius number, a hypothesis: nothing forces it between the bounds, and "
            f"it counts nats per input.{unbounded} Bands: 95 %."
        ),
        data=[*lines(curves), *step_heads(reading, span)],
        layout=layout(
            axis("information (nat)", range=list(span)), x=x_axis(reading), right=80, annotations=ends(curves, span)
        ),
    )
