"""Inside an update: how the energy of the chains falls to its equilibrium, sampler step by sampler step."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import Axis
from szilard.page.curve import Curve
from szilard.page.plot import Plot
from szilard.page.style import GREY, Figure, Pen
from szilard.studies.sampled.advice import advised
from szilard.studies.sampled.figures.marks import DASHES, quarters, shade
from szilard.studies.sampled.reading import SampledReading

TAU = Pen(GREY, "dot", 1.2)
"""The rule at τ, where the update ends."""


def figure(reading: SampledReading) -> Figure | None:
    """Means over quarters of the training, against the equilibrium of the same records; None without a profile."""
    profile = reading.relaxation
    if profile is None or "relaxation" not in profile:
        return None
    values = np.asarray(profile["relaxation"].values, dtype=float)
    errors = np.asarray(profile["relaxation_error"].values, dtype=float)
    known = np.isfinite(values).all(1)
    ideal, floor = _equilibrium(reading, values, profile["step"].values)
    known &= np.isfinite(ideal)
    if known.sum() < 1:
        return None
    values, errors = values[known] - ideal[known, None], errors[known]
    steps, sub_steps = profile["step"].values[known], profile["sub_step"].values.astype(float)
    plot = Plot(Axis("sampler steps since the update"), legend="above", legend_rows=2)
    panel = plot.panel("⟨E⟩ − ⟨E⟩ at rest (nat)")
    stretches = quarters(len(steps))
    for number, rows in enumerate(stretches):
        mean, error = values[rows].mean(0), errors[rows].mean(0) / (len(rows) ** 0.5 if floor else 1)
        pen = Pen(shade(number / max(len(stretches) - 1, 1)), DASHES[number % len(DASHES)], 2.4)
        name = f"steps {steps[rows[0]]:,} to {steps[rows[-1]]:,}"
        drawn = Curve(sub_steps, mean, reading.half_width * error)
        panel.line(drawn, name, pen, unit="nat", symbol="circle", legend=True)
    if reading.sampler_steps is not None:
        panel.upright(reading.sampler_steps, f" τ = {reading.sampler_steps:,}", TAU)
    against = "the model's equilibrium" if floor else "their own last value"
    return plot.figure(
        "relaxation",
        "Relaxation inside an update",
        f"Mean energy of the chains after an update of the parameters, over {against}, in four quarters of the "
        "training. Up to τ the chains themselves; beyond it copies go on, which nothing uses. Bands: 95 %, over "
        f"chains. {advised(reading)}",
    )


def _equilibrium(reading: SampledReading, values: np.ndarray, steps: np.ndarray) -> tuple[np.ndarray, bool]:
    """Mean energy of an ideal sampler at these steps; the profile's own end where the ledger has none."""
    if not reading.has("energy"):
        return values[:, -1], False
    known = dict(zip(reading.steps.tolist(), reading.column("energy").tolist(), strict=True))
    return np.array([known.get(int(step), np.nan) for step in steps]), True
