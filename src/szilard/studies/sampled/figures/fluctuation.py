"""The integral fluctuation theorem, record by record: whether φ is normalised and the samples are the model's."""

from __future__ import annotations

from szilard.page.plot import Plot
from szilard.page.style import BLUE, Figure, Pen
from szilard.studies.kits.watched.curves import curve
from szilard.studies.sampled.reading import SampledReading


def figure(reading: SampledReading) -> Figure | None:
    """⟨e^−d⟩ along the training, about 1; None where it was not recorded."""
    if not reading.whole or not reading.has("fluctuation"):
        return None
    plot = Plot(right=16)
    panel = plot.panel("⟨e^−d⟩ (1)")
    panel.line(curve(reading, "fluctuation"), "⟨e^−d⟩", Pen(BLUE, width=1.6))
    panel.rule(1.0)
    sides = ", with ΔF by Bennett's ratio from chains on both sides" if reading.capability == "energetic" else ""
    return plot.figure(
        "fluctuation",
        "The integral fluctuation theorem",
        f"⟨e^−d⟩ with d = φ_t − φ_t−1 over samples of the model before{sides}, mean over the steps since the "
        "previous record: 1 where φ is normalised and the samples are the model's own. Band: 95 %.",
    )
