"""W(k): work per training step against the measuring interval."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import axis, layout
from szilard.page.drawing import points
from szilard.page.style import BLACK, Figure, Pen
from szilard.studies.kits.watched.drift import spacings
from szilard.studies.sampled.reading import SampledReading


def figure(reading: SampledReading) -> Figure | None:
    """None when no coarser interval made a jump."""
    if not reading.whole or not reading.has("work_by_interval", "steps_by_interval"):
        return None
    lengths = np.array(spacings(reading.rows))
    steps = np.asarray(reading.rows["steps_by_interval"].values, dtype=float)[-1]
    work = np.asarray(reading.rows["work_by_interval"].values, dtype=float)[-1]
    errors = np.asarray(reading.rows["work_by_interval_error"].values, dtype=float)[-1]
    made = (lengths > 0) & (steps > 0)
    if made.sum() < 2:
        return None
    return Figure(
        key="intervals",
        title="Work depends on how often one looks",
        caption=(
            "Work per training step when the same training is measured every k steps: it grows with k where the "
            "model drifts, stays where it diffuses. Bars: 95 %, over samples."
        ),
        data=[
            points(lengths[made], work[made] / steps[made], reading.half_width * errors[made] / steps[made],
                   "work per step", Pen(BLACK), "circle", hover="%{y:.3g} ± %{customdata:.2g} nat")
        ],
        layout=layout(
            axis(f"{reading.per} and training step", rangemode="tozero"),
            x=axis("measuring interval k (training steps)", type="log", tickvals=lengths[made].tolist(),
                   ticktext=[f"{length:,}" for length in lengths[made]]),
            right=16,
            hovermode="closest",
        ),
        along_steps=False,
    )  # fmt: skip
