"""Drift's share of the work in each phase of the training."""

from __future__ import annotations

from typing import Any

import numpy as np

from szilard.audit.bounds import DRIFT, LEVEL
from szilard.audit.drift import DriftShare, Motion
from szilard.report.drawing import (
    BLUE,
    GREEN,
    LEGEND,
    ORANGE,
    PURPLE,
    VERMILLION,
    Figure,
    Pen,
    axis,
    band,
    layout,
    points,
)
from szilard.report.safe import escape
from szilard.report.view import View

PENS = {
    Motion.DRIFT: (Pen(BLUE), "diamond"),
    Motion.DIFFUSION: (Pen(VERMILLION), "square"),
    Motion.NO_DRIFT: (Pen(ORANGE), "triangle-left"),
    Motion.RESTORING: (Pen(PURPLE), "triangle-down"),
    Motion.UNDECIDED: (Pen(GREEN), "circle-open"),
}


def figure(view: View) -> Figure | None:
    """None without two phases that can be judged."""
    stretches = [(f"{phase.first}–{phase.last}", phase.share) for phase in view.phases]
    if len(stretches) < 2:
        return None
    data = []
    for motion, (pen, symbol) in PENS.items():
        chosen = [(where, share) for where, share in stretches if share.motion is motion]
        if chosen:
            data.append(_trace(chosen, motion, pen, symbol))
    shade = band(-DRIFT, DRIFT)
    note = {"text": escape(f"diffusion: within ±{DRIFT:g}"), "xref": "paper", "x": 0.01, "xanchor": "left", "y": DRIFT,
            "yanchor": "bottom", "showarrow": False, "font": {"size": 11, "color": "#4B5563"}}  # fmt: skip
    return Figure(
        key="phases",
        title="What moved the model, phase by phase",
        caption=(
            "Drift's share of the work: 1 is straight motion, 0 diffusion, below 0 jumps undo one another. "
            "Each phase is judged at its coarsest interval with 16 jumps or more (k, beside the point). Bars: 95 %."
        ),
        data=data,
        layout=layout(
            axis("drift's share of the work", zeroline=True),
            x=axis("training steps", type="category", categoryorder="array",
                   categoryarray=[where for where, _ in stretches],
                range=[-0.5, len(stretches) - 0.35]),
            right=16,
            shapes=[shade],
            annotations=[note],
            **LEGEND,
            hovermode="closest",
        ),
        along_steps=False,
    )  # fmt: skip


def _trace(chosen: list[tuple[str, DriftShare]], motion: Motion, pen: Pen, symbol: str) -> dict[str, Any]:
    shares = [share for _, share in chosen]
    half = np.array([share.share.interval(LEVEL)[1] - share.share.value for share in shares])
    values = np.array([share.share.value for share in shares])
    trace = points([where for where, _ in chosen], values, half, motion.value, pen, symbol, joined=False)
    texts = [f"k = {share.interval}" for share in shares]
    return trace | {"mode": "markers+text", "text": texts, "textposition": "middle right", "showlegend": True,
                    "textfont": {"size": 11}}  # fmt: skip
