"""The training's own numbers: loss and learning rate."""

from __future__ import annotations

from typing import Any

from szilard.page.axes import axis, layout
from szilard.page.drawing import line
from szilard.page.style import ORANGE, VERMILLION, Figure, Pen
from szilard.studies.kits.watched.curves import curve
from szilard.studies.sampled.reading import SampledReading


def figure(reading: SampledReading) -> Figure | None:
    """None without a loss."""
    if not reading.whole or not reading.has("loss"):
        return None
    data = line(curve(reading, "loss"), "training loss", Pen(VERMILLION))
    axes: list[dict[str, Any]] = [axis("training loss (as given)")]
    if reading.has("learning_rate") and len(set(reading.column("learning_rate").tolist())) > 1:
        data += line(curve(reading, "learning_rate"), "learning rate", Pen(ORANGE, "dot"), panel=2)
        axes.append(axis("learning rate (1)", rangemode="tozero"))
    return Figure(
        key="training",
        title="The loss beside it",
        caption=(
            "What the optimiser saw, over the same steps; of an energy it need not fall while the model learns. Band: "
            "95 %, over the steps since the previous record."
            if reading.capability == "energetic"
            else "What the optimiser saw, over the same steps. Band: 95 %, over the steps since the previous record."
        ),
        data=data,
        layout=layout(*axes, right=16),
        panels=len(axes),
    )
