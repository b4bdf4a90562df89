"""The integral fluctuation theorem, record by record: whether φ is normalised and the samples are the model's."""

from __future__ import annotations

from szilard.page.axes import axis, layout, rule
from szilard.page.drawing import line
from szilard.page.style import BLUE, Figure, Pen
from szilard.studies.kits.watched.curves import curve
from szilard.studies.sampled.reading import SampledReading


def figure(reading: SampledReading) -> Figure | None:
    """None where it was not recorded."""
    if not reading.whole or not reading.has("fluctuation"):
        return None
    sides = ", with ΔF by Bennett's ratio from chains on both sides" if reading.capability == "energetic" else ""
    return Figure(
        key="fluctuation",
        title="The integral fluctuation theorem",
        caption=(
            f"⟨e^−d⟩ with d = φ_t − φ_t−1 over samples of the model before{sides}, mean over the steps since the "
            "previous record: 1 where φ is normalised and the samples are the model's own. Band: 95 %."
        ),
        data=line(curve(reading, "fluctuation"), "⟨e^−d⟩", Pen(BLUE, width=1.6)),
        layout=layout(axis("⟨e^−d⟩ (1)"), right=16, shapes=[rule(1.0, "")[0]]),
    )
