"""The samples in use: how many are effective, and when fresh ones were drawn."""

from __future__ import annotations

from typing import Any

from szilard.page.axes import axis, layout, rule
from szilard.page.curve import Curve
from szilard.page.drawing import line
from szilard.page.style import BLUE, ORANGE, Figure, Pen
from szilard.studies.kits.watched.curves import curve
from szilard.studies.sampled.reading import SampledReading


def figure(reading: SampledReading) -> Figure | None:
    """None where it was not recorded."""
    if not reading.whole or not reading.has("effective_sample_size"):
        return None
    energetic = reading.capability == "energetic"
    data = line(curve(reading, "effective_sample_size"), "effective samples over samples", Pen(BLUE, width=1.6))
    axes: list[dict[str, Any]] = [axis("effective share (1)", range=[0, 1.08])]
    column, words = ("resamplings", "resamplings") if energetic else ("samples_drawn", "samples drawn")
    if reading.has(column):
        counted = curve(reading, column)
        drawn = line(Curve(counted.steps, counted.values), words, Pen(ORANGE, "dash", 1.8), panel=2)
        drawn[-1]["line"]["shape"] = "hv"
        data += drawn
        axes.append(axis(f"{words} (1)", rangemode="tozero"))
    shape, note = rule(0.5, "fresh samples below a half" if not energetic else "resampled below a half")
    said = (
        "The reference population is weighted along the training and resampled where fewer than half of its weights "
        "count."
        if energetic
        else "One set of samples serves many steps by its weights; where fewer than half of them count (judged by "
        "others, which measure nothing) fresh ones are drawn. Below: how many the whole run took from the model."
    )
    return Figure(
        key="pool",
        title="Samples in use",
        caption=said,
        data=data,
        layout=layout(*axes, right=16, shapes=[shape], annotations=[note]),
        panels=len(axes),
    )
