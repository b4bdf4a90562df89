"""Drift's share of the work in each phase of the training."""

from __future__ import annotations

from typing import Any

import numpy as np

from szilard.page.axes import LEGEND, axis, band, layout
from szilard.page.drawing import points
from szilard.page.style import BLUE, GREEN, ORANGE, PURPLE, VERMILLION, Figure, Pen
from szilard.studies.kits.watched.drift import Motion
from szilard.studies.kits.watched.phases import Phase
from szilard.studies.single.reading import SingleReading
from szilard.verdicts.bounds import DRIFT

PENS = {
    Motion.DRIFT: (Pen(BLUE), "diamond"),
    Motion.DIFFUSION: (Pen(VERMILLION), "square"),
    Motion.NO_DRIFT: (Pen(ORANGE), "triangle-left"),
    Motion.RESTORING: (Pen(PURPLE), "triangle-down"),
    Motion.UNDECIDED: (Pen(GREEN), "circle-open"),
}


def figure(reading: SingleReading) -> Figure | None:
    """None without two phases that can be judged."""
    stretches = [(f"{phase.first:,}–{phase.last:,}<br>k = {phase.share.interval}", phase) for phase in reading.phases]
    if len(stretches) < 2:
        return None
    data = []
    for motion, (pen, symbol) in PENS.items():
        chosen = [(where, phase) for where, phase in stretches if phase.motion is motion]
        if chosen:
            data.append(_trace(chosen, motion, pen, symbol))
    shade = band(-DRIFT, DRIFT)
    return Figure(
        key="phases",
        title="What moved the model, phase by phase",
        caption=(
            "Drift's share of the work: 1 is straight motion, 0 diffusion; below 0 jumps are less alike than those of "
            "noise, or undo one another, which can hide a drift. "
            "Grey: diffusion, within ±0.1. Each phase is judged at its coarsest interval k of 16 jumps or more. "
            "Bars: 95 % for all phases together."
        ),
        data=data,
        layout=layout(
            axis("drift's share of the work", zeroline=True),
            x=axis("training steps", type="category", categoryorder="array",
                   categoryarray=[where for where, _ in stretches],
                range=[-0.5, len(stretches) - 0.35]),
            right=16,
            shapes=[shade],
            **LEGEND,
            hovermode="closest",
        ),
        along_steps=False,
    )  # fmt: skip


def _trace(chosen: list[tuple[str, Phase]], motion: Motion, pen: Pen, symbol: str) -> dict[str, Any]:
    estimates = [(phase.share.share, phase.level) for _, phase in chosen]
    half = np.array([share.interval(level)[1] - share.value for share, level in estimates])
    values = np.array([share.value for share, _ in estimates])
    trace = points([where for where, _ in chosen], values, half, motion.value, pen, symbol, joined=False)
    return trace | {"showlegend": True}
