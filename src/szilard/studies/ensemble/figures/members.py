"""L-info member by member: whether its variance is low, as the paper's Eq. 9 assumes."""

from __future__ import annotations

import numpy as np

from szilard.numbers import number, percent
from szilard.page.axes import spread
from szilard.page.style import PURPLE, Figure
from szilard.studies.ensemble.figures.marks import TOTAL, drawn, has_curve, logarithmic_steps, plot_of, positions
from szilard.studies.ensemble.reading import EnsembleReading

WIDTH = 0.35
"""Of a strip of dots, as a share of the distance between records."""


def figure(reading: EnsembleReading) -> Figure | None:
    """None without the members' own."""
    if not has_curve(reading, "l_info_member"):
        return None
    values = reading.column("l_info_member")
    places = _scattered(positions(reading), values.shape[1], logarithmic_steps(reading))
    known = np.isfinite(values)
    names = np.broadcast_to(np.array([_name(reading, member) for member in range(values.shape[1])]), values.shape)
    steps = np.broadcast_to(reading.steps[:, None], values.shape)
    mean = drawn(reading, np.nanmean(np.where(known, values, np.nan), axis=1)) if known.any(1).all() else None
    spreading = reading.known("l_info_spread")
    said = ""
    if spreading is not None and mean is not None and mean.values[-1] > 0:
        share = spreading.value / mean.values[-1]
        said = f" At the end the spread is {number(spreading.value)} nat, {percent(share)} of the mean."
    plot = plot_of(reading, right=70, closest=True)
    panel = plot.panel("L-info of a training (nat per input)", span=spread(values, [0.0]))
    text = [f"{name}, step {step:,}" for name, step in zip(names[known], steps[known], strict=True)]
    panel.dots(places[known], values[known], PURPLE, text=text, unit="nat")
    if mean is not None:
        panel.line(mean, "mean of the members", TOTAL, unit="nat", end="mean")
    return plot.figure(
        "members",
        "L-info, training by training",
        "Each dot is one training: what a prediction tells of it, KL(p(x|θ)‖p(x)). The paper assumes a low "
        f"variance (Eq. 9); this is the spread as it was measured.{said} Line: their mean.",
    )


def _scattered(positions: np.ndarray, count: int, logarithmic: bool) -> np.ndarray:
    """Positions of every member's dots: side by side about their record, always in the same order."""
    where = np.log(positions) if logarithmic else positions.astype(float)
    gap = float(np.diff(where).min()) if len(where) > 1 else 1.0
    offsets = WIDTH * gap * (np.linspace(-1, 1, count) if count > 1 else np.zeros(1))
    spread_out = where[:, None] + offsets
    return np.exp(spread_out) if logarithmic else spread_out


def _name(reading: EnsembleReading, member: int) -> str:
    """Where a member stands in the design."""
    coords = reading.rows.coords
    parts = [f"{level} {int(coords[level].values[member])}" for level in ("task", "dataset", "seed") if level in coords]
    return f"member {member}" + (f" ({', '.join(parts)})" if parts else "")
