"""The budget: what predictions tell of their model, by what each nat is of, and by ways of asking."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import Axis
from szilard.page.marks import JOINED
from szilard.page.plot import Plot
from szilard.page.style import BLACK, Figure, Pen
from szilard.studies.ensemble.figures.marks import (
    INITIALISATION,
    LEVELS,
    ORDER,
    SEED,
    WHOLE,
    draw,
    has_curve,
    named,
    plot_of,
    span_of,
    step_heads,
)
from szilard.studies.ensemble.reading import EnsembleReading
from szilard.studies.sentences import listed

TELLS = {
    "learned": "of the task that its model was trained for (learned)",
    "memorised": "of the very sample it was trained on (memorised)",
    "luck": "of its initialisation and batch order (luck)",
}
"""What each curve is, for the caption."""


def budget(reading: EnsembleReading) -> Figure | None:
    """The budget: nats learned of the task, memorised of the sample, and owed to the luck of the seed, along training.

    None where none of the three, and no total, is known.
    """
    curves = named(reading, LEVELS)
    whole = named(reading, [WHOLE]) if len(curves) != 1 else []
    if not curves and not whole:
        return None
    told = listed([TELLS[each.short] for each in curves]) or "of its model"
    sum_of = " Dotted: their sum, L-info, all that a prediction tells of its model." if curves and whole else ""
    curves += whole
    plot = plot_of(reading, right=92)
    span = span_of(*(each.curve for each in curves))
    draw(plot.panel("information (nat per probe input)", span=span, zero_line=True), curves, symbol="circle")
    step_heads(reading, plot.panels)
    return plot.figure(
        "budget",
        "The budget: learned, memorised, luck",
        f"How many nats a prediction tells {told}.{sum_of} Bands: 95 %, by Student's t over the {_clusters(reading)}.",
        wide=True,
    )


def _clusters(reading: EnsembleReading) -> str:
    """How many outermost clusters the bands rest on, from the first record to the last."""
    first, last = int(reading.clusters[0]), int(reading.clusters[-1])
    if first == last:
        return f"{last} outermost clusters"
    return f"outermost clusters, {first} at first and {last} at the end"


LUCK = (
    ("info_seed", "luck of the seed", "luck", SEED),
    ("info_seed_initialisation", "of the initialisation", "initialisation", INITIALISATION),
    ("info_seed_order", "of the batch order, given the initialisation", "order", ORDER),
)
LUCK_QUADRATIC = (
    ("info_seed_initialisation_quadratic", "of the initialisation", "initialisation", INITIALISATION),
    ("info_seed_order_quadratic", "of the batch order", "order", ORDER),
    ("info_seed_interaction_quadratic", "of both together", "interaction", Pen(BLACK, "dot", 1.8)),
)


def crossed(reading: EnsembleReading) -> Figure | None:
    """Initialisation against batch order: the two parts of luck in a crossed design.

    None for designs that are not crossed.
    """
    if not has_curve(reading, "info_seed_initialisation", "info_seed_order"):
        return None
    plot = plot_of(reading, right=96)
    for quantities, title, unit in ((LUCK, "luck (nat)", "nat"), (LUCK_QUADRATIC, "quadratic (1)", "")):
        curves = named(reading, quantities)
        if curves:
            span = span_of(*(each.curve for each in curves))
            draw(plot.panel(title, span=span, zero_line=True), curves, unit=unit)
    step_heads(reading, plot.panels)
    return plot.figure(
        "crossed",
        "What luck is made of: start and order",
        "Above: the luck of the seed splits into what the initialisation leaves in the predictions and what the "
        "batch order adds. Below: the same for the quadratic information, unbiased and symmetric, with the part "
        "that only both together make. The paper claims that the initialisation fades. Bands: 95 %.",
    )


def quadratic(reading: EnsembleReading) -> Figure | None:
    """The quadratic (Gini) information: the budget's companion that is exactly unbiased.

    None without a single level.
    """
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


def blocks(reading: EnsembleReading) -> Figure | None:
    """Several probe inputs taken jointly: nats against how many.

    None without blocks of at least two sizes.
    """
    sizes = np.asarray(reading.rows["block"].values) if "block" in reading.rows.coords else np.empty(0)
    levels = [*LEVELS, WHOLE]
    found = [level for level in levels if has_curve(reading, f"{level[0]}_block")]
    if len(sizes) < 2 or not found:
        return None
    across = Axis("probe inputs in a block, m", at=sizes, span=(0, float(sizes[-1]) * 1.03))
    plot = Plot(across, right=92, closest=True)
    panel, tops = plot.panel("information (nat per block)"), [0.0]
    for name, words, short, pen in found:
        values = reading.column(f"{name}_block")[-1]
        errors = reading.errors(f"{name}_block")
        half = np.zeros_like(values) if errors is None else np.nan_to_num(reading.half_widths[-1] * errors[-1])
        known = np.isfinite(values)
        if not known.any():
            continue
        panel.points(sizes[known], values[known], words, pen.at(JOINED), half=half[known], joined=True, end=short)
        ray = float(values[known][0] * sizes[-1] / sizes[known][0])
        panel.reference([0, sizes[-1]], [0, ray], "", Pen(pen.colour, "dot", 1))
        tops += [float((values + half)[known].max()), ray]
    if not plot.traces:
        return None
    panel.span = (0.0, 1.06 * max(tops))
    return plot.figure(
        "blocks",
        "Several inputs at once",
        "Nats that the answers to m probe inputs tell jointly, at the last record. A mean over single inputs does "
        "not add up: were the inputs independent, the points would lie on the dotted rays; below them, inputs tell "
        "the same twice. Bars: 95 %.",
    )
