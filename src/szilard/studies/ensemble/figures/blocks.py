"""Several probe inputs taken jointly: nats against how many."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import Axis
from szilard.page.marks import JOINED
from szilard.page.plot import Plot
from szilard.page.style import Figure, Pen
from szilard.studies.ensemble.figures.marks import LEVELS, WHOLE, has_curve
from szilard.studies.ensemble.reading import EnsembleReading


def figure(reading: EnsembleReading) -> Figure | None:
    """None without blocks of at least two sizes."""
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
