"""W(k): work per training step against the measuring interval, drift and diffusion apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from szilard.page.axes import LEGEND, axis, layout
from szilard.page.drawing import points
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
    data = [
        points(
            lengths[made],
            work[made] / steps[made],
            reading.half_width * errors[made] / steps[made],
            "work per step",
            Pen(BLACK),
            "circle",
            hover="%{y:.3g} ± %{customdata:.2g} nat",
        )
    ]
    if reading.drift_shares:
        data += _parts(reading)
    return Figure(
        key="intervals",
        title="Work depends on how often one looks",
        caption=(
            "Work per training step when the same training is measured every k steps, and its parts: drift (jumps in "
            "a row point the same way; grows with k; negative where they are less alike than those of noise) and "
            "diffusion (flat). Bars: 95 %; of the total over probe inputs, of the parts over blocks of equal work."
        ),
        data=[trace | {"showlegend": True} for trace in data],
        layout=layout(
            axis("nat per input and training step", rangemode="tozero"),
            x=axis("measuring interval k (training steps)", type="log", tickvals=lengths[made].tolist(),
                   ticktext=[str(length) for length in lengths[made]]),
            right=16,
            **LEGEND,
            hovermode="closest",
        ),
        along_steps=False,
    )  # fmt: skip


def _parts(reading: SingleReading) -> list[dict[str, Any]]:
    """Drift's and diffusion's work per step at each interval that has a recorded multiple, set a little apart."""
    intervals = np.array([share.interval for share in reading.drift_shares], dtype=float)
    rate = np.array([share.work / share.steps for share in reading.drift_shares])
    share = np.array([item.share.value for item in reading.drift_shares])
    half = np.array([item.share.interval(LEVEL)[1] - item.share.value for item in reading.drift_shares]) * rate
    hover = "%{y:.3g} ± %{customdata:.2g} nat"
    return [
        points(intervals * 1.04, rate * share, half, "of which drift", Pen(BLUE, "dash"), "diamond", hover=hover),
        points(intervals * 0.96, rate * (1 - share), half, "diffusion", Pen(VERMILLION, "dot"), "square", hover=hover),
    ]
