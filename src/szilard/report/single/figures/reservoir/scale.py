"""The gradient-noise scale along the training, with the batch size as a line."""

from __future__ import annotations

import numpy as np

from szilard.audit.bursts import Bursts
from szilard.audit.reservoir.words import noise_scale
from szilard.report.axes import axis, layout, rule
from szilard.report.curve import Curve
from szilard.report.drawing import between, label_ends, line
from szilard.report.single.figures.reservoir.layers import BINS
from szilard.report.single.figures.reservoir.noise import ticks
from szilard.report.single.view import View
from szilard.report.style import BLACK, Figure, Pen

TOGETHER = 8
"""The fewest bursts in a point: the force of a single one drowns in its noise."""
RESOLVED = 0.7
"""Share of the points in which the force should show; more bursts are taken together until it does."""


def figure(view: View) -> Figure | None:
    """None without the batch size, or where the force never rises above the noise."""
    bursts = view.evidence.reservoir
    if bursts is None or bursts.batch_size == 0 or bursts.records < TOGETHER:
        return None
    steps, values, low, high = _along(bursts)
    if not len(steps):
        return None
    logs = np.log10(np.r_[values, bursts.batch_size])
    span = (float(logs.min()) - 0.3, float(logs.max()) + 0.3)
    shape, note = rule(bursts.batch_size, f"batch size: {bursts.batch_size:,}", log=True)
    return Figure(
        key="noise-scale",
        title="How large a batch would do",
        caption=(
            "Gradient-noise scale tr C/‖∇U‖² of all parameters, neighbouring bursts together. Batches well below it "
            "waste no examples; batches well above it mostly repeat themselves. Left out where no force can be told "
            "from 0. Band: 95 % (Fieller)."
        ),
        data=[
            *between(steps, np.maximum(low, 10 ** span[0]), np.minimum(high, 10 ** span[1]), Pen(BLACK)),
            *line(Curve(steps, values), "noise scale", Pen(BLACK), unit="examples", markers=len(steps) < 9),
        ],
        layout=layout(
            axis("examples", type="log", range=list(span), **ticks(span)),
            right=110,
            shapes=[shape],
            annotations=[note, *label_ends([("noise scale", float(np.log10(values[-1])), BLACK)], span)],
        ),
    )


def _along(bursts: Bursts) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Steps, noise scale, and the ends of its interval, where the force is known to be there."""
    bins = min(BINS, bursts.records // TOGETHER)
    found = _points(bursts, bins)
    while bins > 1 and len(found[0]) < RESOLVED * bins:
        bins //= 2
        found = _points(bursts, bins)
    return found


def _points(bursts: Bursts, bins: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rows = []
    for part in np.array_split(np.arange(bursts.records), bins):
        scale, ends = noise_scale(bursts, part)
        if scale.value > 0 and ends[1] > 0:
            rows.append((float(bursts.steps[part].mean()), float(scale.value), *ends))
    steps, values, low, high = np.array(rows).reshape(-1, 4).T
    return steps, values, low, high
