"""M-info between its bounds, with the paper's Clausius number beside it."""

from __future__ import annotations

from szilard.page.axes import axis, layout
from szilard.page.style import BLUE, PURPLE, VERMILLION, Figure, Pen
from szilard.studies.ensemble.figures.frame import ends, lines, named, reading, span_of
from szilard.studies.ensemble.figures.view import View

QUANTITIES = (
    ("m_info_lower", "from below: I(X;B) ≤ I(Θ;B)", "at least", Pen(BLUE)),
    ("m_info_upper", "from above", "at most", Pen(VERMILLION, "dash")),
    ("clausius_information", "Clausius number −Q (hypothesis)", "−Q", Pen(PURPLE, "dot", 1.8)),
)


def figure(view: View) -> Figure | None:
    """None without a bound; the Clausius number alone is no picture of M-info."""
    if not view.has("m_info_lower") and not view.has("m_info_upper"):
        return None
    curves = named(view, QUANTITIES)
    span = span_of(*(each.curve for each in curves))
    return Figure(
        key="m-info",
        title="M-info: what the parameters hold of the data",
        caption=(
            "I(Θ;B) lies between what predictions show of the data set and what noise, or the number of data sets, "
            "lets through. −Q is the paper's Clausius number, a hypothesis: nothing forces it between the bounds, and "
            f"it counts nats per input.{'' if view.has('m_info_upper') else ' This design gives no upper bound.'} "
            "Bands: 95 %."
        ),
        data=[*lines(curves), *reading(view, span)],
        layout=layout(
            axis("information (nat)", range=list(span)), x=view.x_axis(), right=80, annotations=ends(curves, span)
        ),
    )
