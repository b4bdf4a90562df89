"""Entropy and heat: where the nats sit, what produced them, and what the parameters hold."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import spread
from szilard.page.curve import Curve
from szilard.page.style import BLACK, BLUE, GREEN, PURPLE, VERMILLION, Figure, Pen
from szilard.studies.ensemble.figures.marks import (
    LEVELS,
    Named,
    Quantity,
    curve_of,
    draw,
    drawn,
    has_curve,
    has_curves_of_members,
    members_of,
    named,
    plot_of,
    span_of,
    step_heads,
)
from szilard.studies.ensemble.reading import EnsembleReading

LADDER = (
    ("entropy_marginal_plugin", "of all trainings, S(X)", "S(X)", Pen(BLUE)),
    ("entropy_task", "of one task's trainings", "one task", Pen(VERMILLION, "dash")),
    ("entropy_dataset", "of one dataset's trainings", "one dataset", Pen(GREEN, "dashdot")),
    ("entropy_conditional_mean", "of one training, S(X|Θ)", "S(X|Θ)", Pen(BLACK, "dot")),
)


def entropies(reading: EnsembleReading) -> Figure | None:
    """The nested mixtures: entropies whose distances are the budget.

    None without marginal and conditional entropy.
    """
    if not has_curve(reading, "entropy_marginal_plugin", "entropy_conditional_mean"):
        return None
    rungs = [curve_of(reading, name) if has_curve(reading, name) else None for name, *_ in LADDER]
    varies = [reading.count(level) != 1 for level in ("task", "dataset", "seed")]
    # Where a level has one member, the mixtures above and below it are the same: one line is enough.
    shown = [True, varies[0], varies[2] and (varies[0] or varies[1]), True]
    curves = [
        Named(Curve(rung.steps, rung.values), words, short, pen)
        for rung, (_, words, short, pen), wanted in zip(rungs, LADDER, shown, strict=True)
        if rung is not None and wanted
    ]
    plot = plot_of(reading, right=96)
    draw(plot.panel("entropy (nat per input)", span=span_of(*(each.curve for each in curves))), curves)
    above = _above(rungs, varies)
    panel = plot.panel("above S(X|Θ) (nat)", span=span_of(*(curve for _, curve, _ in above)))
    for lower, upper, (_, _, short, pen) in above:
        panel.between(upper.steps, lower.values, upper.values, pen, share=0.2)
        panel.line(upper, f"up to {short}", pen, unit="nat")
        panel.end(short, 0.5 * float(lower.values[-1] + upper.values[-1]), pen.colour)
    step_heads(reading, plot.panels)
    return plot.figure(
        "entropies",
        "Where the nats sit",
        "Above: the entropy of a prediction for one who knows nothing of the training, its task, its dataset, or "
        "itself; each piece of knowledge takes a piece of the budget away. Below: these pieces on top of "
        "one another, above S(X|Θ). Plug-in mixtures, before any correction.",
    )


def _above(rungs: list[Curve | None], varies: list[bool]) -> list[tuple[Curve, Curve, Quantity]]:
    """Each piece of the budget between two heights above S(X|Θ), from the bottom up."""
    floor = rungs[-1]
    pieces = []
    for number in (2, 1, 0):
        upper, lower = rungs[number], rungs[number + 1]
        if upper is None or lower is None or floor is None or not varies[number]:
            continue
        if len(upper) == len(lower) == len(floor):
            low, high = (Curve(floor.steps, each.values - floor.values) for each in (lower, upper))
            pieces.append((low, high, LEVELS[number]))
    return pieces


PRODUCTION = (
    ("ep_marginal", "marginal entropy production Σ(X)", "Σ(X)", Pen(BLUE)),
    ("work_mean", "conditional entropy production Σ(X|Θ) = W", "Σ(X|Θ)", Pen(VERMILLION, "dash")),
    ("ep_ignorance", "ignorance Δ L-info", "Δ L-info", Pen(PURPLE, "dashdot")),
)


def production(reading: EnsembleReading) -> Figure | None:
    """Entropy production of the marginal: what one sees who does not know which training it was.

    None without the marginal's entropy production.
    """
    if not has_curve(reading, "ep_marginal"):
        return None
    curves = named(reading, PRODUCTION)
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


LEDGER = (
    ("work", "work_mean", "mean work W", "W = Σ(X|Θ)", Pen(BLUE)),
    ("heat", "heat_mean", "mean heat Q absorbed", "Q", Pen(VERMILLION, "dash")),
    ("entropy_change", "", "mean change of entropy ΔS(X|Θ)", "ΔS(X|Θ)", Pen(GREEN, "dashdot")),
)


def ledger(reading: EnsembleReading) -> Figure | None:
    """The ledger of the members: work, heat and change of entropy of each, and their means.

    None without the mean work.
    """
    if not has_curve(reading, "work_mean", "heat_mean"):
        return None
    plot = plot_of(reading, right=92)
    panel, heights = plot.panel("nat per input, since the first record"), []
    for column, *_, pen in LEDGER:
        if has_curves_of_members(reading, column):
            panel.crowd(crowd := members_of(reading, column), pen)
            heights += [curve.values for curve in crowd]
    for column, mean, words, short, pen in LEDGER:
        if not mean and not has_curves_of_members(reading, column):
            continue
        curve = curve_of(reading, mean) if mean else _change(reading)
        panel.line(curve, words, pen, unit="nat", end=short)
        heights.append(curve.values)
    panel.span = spread(*heights)
    step_heads(reading, plot.panels)
    return plot.figure(
        "ledger",
        "The ledger of the members",
        "Thick: means over the ensemble with 95 % bands over the outermost clusters; thin: single trainings. "
        "W + Q = ΔS for each of them. What spreads here is heat and work; what it means for predictions is the "
        "budget above.",
    )


def _change(reading: EnsembleReading) -> Curve:
    """Mean ΔS(X|Θ): by the first law the sum of mean work and mean heat."""
    work, heat = reading.column("work_mean"), reading.column("heat_mean")
    return drawn(reading, np.asarray(work + heat))


M_INFO = (
    ("m_info_lower", "from below: I(X;B) ≤ I(Θ;B)", "at least", Pen(BLUE)),
    ("m_info_upper", "from above", "at most", Pen(VERMILLION, "dash")),
    ("clausius_information", "Clausius number −Q (hypothesis)", "−Q", Pen(PURPLE, "dot", 1.8)),
)


def m_info(reading: EnsembleReading) -> Figure | None:
    """M-info between its bounds, with the paper's Clausius number beside it.

    None without a bound; the Clausius number alone is no picture of M-info.
    """
    if not has_curve(reading, "m_info_lower") and not has_curve(reading, "m_info_upper"):
        return None
    curves = named(reading, M_INFO)
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
