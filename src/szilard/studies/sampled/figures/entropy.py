"""Entropy of the model's own samples along the training; of an energy without ln Z, the mean energy."""

from __future__ import annotations

from typing import Any

from szilard.page.axes import axis, layout
from szilard.page.drawing import label_ends
from szilard.page.style import BLACK, GREEN, PURPLE, Figure, Pen
from szilard.studies.sampled.figures.marks import banded, end_of, range_of
from szilard.studies.sampled.reading import SampledReading

WHAT = {
    "sequential": "how surprised the model is by text of its own, 0 when it always says the same",
    "tractable": "lower where the model is more certain; of continuous X it may be negative",
    "bounded": "between an upper and a lower bound, both from samples of the model",
    "energetic": "of the model's samples, as an ideal sampler would draw them",
}


def figure(reading: SampledReading) -> Figure | None:
    """None where neither entropy nor energy was recorded."""
    entropic = reading.has("entropy_conditional")
    column = "entropy_conditional" if entropic else "energy"
    if not reading.whole or not reading.has(column):
        return None
    name = "entropy S(X|θ)" if entropic else "mean energy ⟨E⟩"
    shown = [(column, name, Pen(GREEN))]
    if not entropic and reading.has("energy_lagged"):
        shown.append(("energy_lagged", "of the lagging chains", Pen(PURPLE, "dash")))
    if reading.has("cross_entropy"):
        shown.append(("cross_entropy", "cross-entropy on given text", Pen(BLACK, "dash")))
    span = range_of(reading, [each for each, _, _ in shown])
    notes: list[dict[str, Any]] = []
    if len(shown) > 1:
        words = {
            "entropy_conditional": "S(X|θ)",
            "energy": "ideal",
            "energy_lagged": "lagging",
            "cross_entropy": "given",
        }
        notes = label_ends([(words[each], end_of(reading, each), pen.colour) for each, _, pen in shown], span)
    return Figure(
        key="entropy",
        title="How much the model leaves open" if entropic else "The mean energy",
        caption=(
            f"{name[:1].upper()}{name[1:]}: {WHAT.get(reading.capability, '')}. A function of state: neither the "
            "way nor how often one looks matters to it. Bands: 95 %."
        ),
        data=[trace for each, said, pen in shown for trace in banded(reading, each, said, pen, unit=reading.per)],
        layout=layout(
            axis(f"{name} ({reading.per})", range=list(span)),
            right=66 if len(shown) > 1 else 16,
            annotations=notes,
        ),
    )
