"""W(k): work per training step against the measuring interval, drift and diffusion apart."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import Axis
from szilard.page.marks import JOINED
from szilard.page.panel import Panel
from szilard.page.plot import Plot
from szilard.page.style import BLACK, BLUE, VERMILLION, Figure, Pen
from szilard.studies.kits.watched.drift import spacings
from szilard.studies.single.reading import SingleReading
from szilard.verdicts.bounds import LEVEL


def figure(reading: SingleReading) -> Figure | None:
    """None when no coarser interval made a jump."""
    if not reading.has("work_by_interval") or reading.records < 2:
        return None
    lengths = np.array(spacings(reading.rows))
    steps = np.asarray(reading.rows["steps_by_interval"].values, dtype=float)[-1]
    work = np.asarray(reading.rows["work_by_interval"].values, dtype=float)[-1]
    errors = np.zeros_like(work)
    if "work_by_interval_error" in reading.rows:
        errors = np.asarray(reading.rows["work_by_interval_error"].values, dtype=float)[-1]
    made = (lengths > 0) & (steps > 0)
    if made.sum() < 2:
        return None
    across = Axis("measuring interval k (training steps)", log=True, at=lengths[made],
                  called=[str(length) for length in lengths[made]])  # fmt: skip
    plot = Plot(across, legend="above", closest=True)
    panel = plot.panel("nat per input and training step", from_zero=True)
    half = reading.half_width * errors[made] / steps[made]
    panel.points(lengths[made], work[made] / steps[made], "work per step", Pen(BLACK, width=JOINED), half=half,
                 joined=True, unit="nat", legend=True)  # fmt: skip
    if reading.drift_shares:
        _draw_parts(reading, panel)
    return plot.figure(
        "intervals",
        "Work depends on how often one looks",
        "Work per training step when the same training is measured every k steps, and its parts: drift (jumps in "
        "a row point the same way; grows with k; negative where they are less alike than those of noise) and "
        "diffusion (flat). Bars: 95 %; of the total over probe inputs, of the parts over blocks of equal work.",
    )


def _draw_parts(reading: SingleReading, panel: Panel) -> None:
    """Drift's and diffusion's work per step at each interval that has a recorded multiple, set a little apart."""
    intervals = np.array([share.interval for share in reading.drift_shares], dtype=float)
    rate = np.array([share.work / share.steps for share in reading.drift_shares])
    share = np.array([item.share.value for item in reading.drift_shares])
    half = np.array([item.share.interval(LEVEL)[1] - item.share.value for item in reading.drift_shares]) * rate
    for shift, values, name, pen, symbol in (
        (1.04, rate * share, "of which drift", Pen(BLUE, "dash", JOINED), "diamond"),
        (0.96, rate * (1 - share), "diffusion", Pen(VERMILLION, "dot", JOINED), "square"),
    ):
        panel.points(intervals * shift, values, name, pen, symbol, half=half, joined=True, unit="nat", legend=True)
