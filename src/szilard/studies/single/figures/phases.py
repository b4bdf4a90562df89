"""Drift's share of the work in each phase of the training."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import Axis
from szilard.page.plot import Plot
from szilard.page.style import BLUE, GREEN, ORANGE, PURPLE, VERMILLION, Figure, Pen
from szilard.studies.kits.watched.drift import Motion
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
    names = [where for where, _ in stretches]
    across = Axis("training steps", categories=names, span=(-0.5, len(stretches) - 0.35))
    plot = Plot(across, legend="above", closest=True)
    panel = plot.panel("drift's share of the work", zero_line=True)
    panel.band(-DRIFT, DRIFT)
    for motion, (pen, symbol) in PENS.items():
        chosen = [(where, phase) for where, phase in stretches if phase.motion is motion]
        if not chosen:
            continue
        values = np.array([phase.share.share.value for _, phase in chosen])
        half = np.array([phase.share.share.interval(phase.level)[1] for _, phase in chosen]) - values
        panel.points([where for where, _ in chosen], values, motion.value, pen, symbol, half=half, legend=True)
    return plot.figure(
        "phases",
        "What moved the model, phase by phase",
        "Drift's share of the work: 1 is straight motion, 0 diffusion; below 0 jumps are less alike than those of "
        "noise, or undo one another, which can hide a drift. "
        "Grey: diffusion, within ±0.1. Each phase is judged at its coarsest interval k of 16 jumps or more. "
        "Bars: 95 % for all phases together.",
    )
