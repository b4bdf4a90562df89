"""First-law closure: how far the identities are from closing, on a logarithmic scale."""

from __future__ import annotations

import numpy as np

from szilard.numbers import number
from szilard.page.curve import thinned
from szilard.page.plot import Plot
from szilard.page.style import BLUE, GREEN, PURPLE, VERMILLION, Figure, Pen
from szilard.studies.single.reading import SingleReading
from szilard.verdicts.bounds import FLOAT

FLOOR = 1e-18
"""Where an exact zero is drawn."""


def figure(reading: SingleReading) -> Figure | None:
    """None without two records."""
    if not reading.whole:
        return None
    energy, entropy = reading.column("energy"), reading.column("entropy_conditional")
    work, heat = reading.column("work"), reading.column("heat")
    residuals = [
        ("|W + Q − ΔU|", work + heat - (energy - energy[0]), Pen(BLUE), "circle"),
        ("|W − Σ(X|Θ)|", work - reading.column("ep_conditional"), Pen(VERMILLION), "square-open"),
        ("|U − S(X|Θ)|", energy - entropy, Pen(GREEN), "diamond-open"),
    ]
    if reading.has("fluctuation"):
        residuals.append(("|⟨exp(−d)⟩ − 1|", reading.column("fluctuation") - 1, Pen(PURPLE), "x-thin-open"))
    scale = float(np.abs(np.stack([work, heat, energy])).max())
    plot = Plot(legend="above")
    panel = plot.panel("absolute residual (nat)", log=True, span=(10**-18.5, max(10 * FLOAT * scale, 1e-7)))
    for name, residual, pen, symbol in residuals:
        rows = np.flatnonzero(np.isfinite(residual))
        rows = rows[thinned(len(rows))]
        height = np.maximum(np.abs(residual[rows]), FLOOR)
        panel.points(reading.steps[rows], height, name, pen, symbol, size=4.5, digits=2, legend=True)
    panel.rule(FLOAT * scale, "bound of the audit")
    return plot.figure(
        "closure",
        "The first law closes",
        "Residuals of identities that hold by construction, in nats (the fluctuation theorem as a pure number): "
        f"what is left is rounding. An exact zero is drawn at {number(FLOOR, 1)}.",
    )
