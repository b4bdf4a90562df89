"""Several probe inputs taken jointly: nats against how many."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import axis, layout
from szilard.page.drawing import label_ends, points
from szilard.page.style import Figure
from szilard.studies.ensemble.figures.marks import LEVELS, WHOLE, has_curve
from szilard.studies.ensemble.reading import EnsembleReading


def figure(reading: EnsembleReading) -> Figure | None:
    """None without blocks of at least two sizes."""
    sizes = np.asarray(reading.rows["block"].values) if "block" in reading.rows.coords else np.empty(0)
    levels = [*LEVELS, WHOLE]
    found = [level for level in levels if has_curve(reading, f"{level[0]}_block")]
    if len(sizes) < 2 or not found:
        return None
    data, ends, tops = [], [], [0.0]
    for name, words, short, pen in found:
        values = reading.column(f"{name}_block")[-1]
        errors = reading.errors(f"{name}_block")
        half = np.zeros_like(values) if errors is None else np.nan_to_num(reading.half_widths[-1] * errors[-1])
        known = np.isfinite(values)
        if not known.any():
            continue
        data.append(points(sizes[known], values[known], half[known], words, pen, "circle"))
        ray = float(values[known][0] * sizes[-1] / sizes[known][0])
        alike = {"type": "scatter", "mode": "lines", "x": [0, sizes[-1]], "y": [0, ray], "hoverinfo": "skip",
                 "line": {"color": pen.colour, "width": 1, "dash": "dot"}, "showlegend": False}  # fmt: skip
        data.append(alike)
        ends.append((short, float(values[known][-1]), pen.colour))
        tops += [float((values + half)[known].max()), ray]
    if not data:
        return None
    span = (0.0, 1.06 * max(tops))
    return Figure(
        key="blocks",
        title="Several inputs at once",
        caption=(
            "Nats that the answers to m probe inputs tell jointly, at the last record. A mean over single inputs does "
            "not add up: were the inputs independent, the points would lie on the dotted rays; below them, inputs tell "
            "the same twice. Bars: 95 %."
        ),
        data=data,
        layout=layout(
            axis("information (nat per block)", range=list(span)),
            x=axis("probe inputs in a block, m", tickvals=sizes.tolist(), range=[0, float(sizes[-1]) * 1.03]),
            right=92,
            annotations=label_ends(ends, span),
            hovermode="closest",
        ),
        along_steps=False,
    )
