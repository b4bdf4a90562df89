"""W(k): work per training step against the measuring interval."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import Axis
from szilard.page.marks import JOINED
from szilard.page.plot import Plot
from szilard.page.style import BLACK, Figure, Pen
from szilard.studies.kits.watched.drift import spacings
from szilard.studies.sampled.reading import SampledReading


def figure(reading: SampledReading) -> Figure | None:
    """W(k)/k at the end of the run; None when no coarser interval made a jump."""
    if not reading.whole or not reading.has("work_by_interval", "steps_by_interval"):
        return None
    lengths = np.array(spacings(reading.rows))
    steps, work = (reading.column(name)[-1] for name in ("steps_by_interval", "work_by_interval"))
    half = reading.half_width * reading.column("work_by_interval_error")[-1]
    made = (lengths > 0) & (steps > 0)
    if made.sum() < 2:
        return None
    ticks = lengths[made].tolist()
    named = [f"{length:,}" for length in ticks]
    plot = Plot(Axis("measuring interval k (training steps)", log=True, at=ticks, called=named), right=16, closest=True)
    panel = plot.panel(f"{reading.per} and training step", from_zero=True)
    values, bars = work[made] / steps[made], half[made] / steps[made]
    panel.points(ticks, values, "work per step", Pen(BLACK, width=JOINED), half=bars, joined=True, unit="nat")
    return plot.figure(
        "intervals",
        "Work depends on how often one looks",
        "Work per training step when the same training is measured every k steps: it grows with k where the "
        "model drifts, stays where it diffuses. Bars: 95 %, over samples.",
    )
