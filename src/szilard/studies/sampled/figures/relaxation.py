"""Inside an update: how the energy of the chains falls to its equilibrium, sampler step by sampler step."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import LEGEND, axis, layout
from szilard.page.curve import Curve
from szilard.page.drawing import line
from szilard.page.style import Figure, Pen
from szilard.studies.sampled.advice import advised
from szilard.studies.sampled.figures.marks import quarters, shade
from szilard.studies.sampled.reading import SampledReading

DASHES = ("solid", "dash", "dashdot", "dot")


def figure(reading: SampledReading) -> Figure | None:
    """Means over quarters of the training, against the equilibrium of the same records; None without a profile."""
    profile = reading.relaxation
    if profile is None or "relaxation" not in profile:
        return None
    values = np.asarray(profile["relaxation"].values, dtype=float)
    errors = np.asarray(profile["relaxation_error"].values, dtype=float)
    known = np.isfinite(values).all(1)
    ideal, floor = _equilibrium(reading, profile["step"].values)
    known &= np.isfinite(ideal)
    if known.sum() < 1:
        return None
    values, errors = values[known] - ideal[known, None], errors[known]
    steps, sub_steps = profile["step"].values[known], profile["sub_step"].values.astype(float)
    data = []
    stretches = quarters(len(steps))
    for number, rows in enumerate(stretches):
        mean, half = (
            values[rows].mean(0),
            reading.half_width * errors[rows].mean(0) / (len(rows) ** 0.5 if floor else 1),
        )
        pen = Pen(shade(number / max(len(stretches) - 1, 1)), DASHES[number % len(DASHES)], 2.4)
        drawn = line(Curve(sub_steps, mean, half), f"steps {steps[rows[0]]:,} to {steps[rows[-1]]:,}", pen, unit="nat",
                     markers=True)  # fmt: skip
        drawn[-1]["showlegend"] = True
        data += drawn
    tau = reading.attributes.get("sampler_steps")
    shapes, notes = _tau(tau) if isinstance(tau, int) else ([], [])
    against = "the model's equilibrium" if floor else "their own last value"
    return Figure(
        key="relaxation",
        title="Relaxation inside an update",
        caption=(
            f"Mean energy of the chains after an update of the parameters, over {against}, in four quarters of the "
            "training. Up to τ the chains themselves; beyond it copies go on, which nothing uses. Bands: 95 %, over "
            f"chains. {advised(reading)}"
        ),
        data=data,
        layout=layout(
            axis("⟨E⟩ − ⟨E⟩ at rest (nat)"),
            x=axis("sampler steps since the update"),
            right=16,
            **{
                **LEGEND,
                "legend": {**LEGEND["legend"], "traceorder": "normal"},
                "margin": {"l": 64, "r": 16, "t": 62, "b": 48},
            },
            shapes=shapes,
            annotations=notes,
        ),
        along_steps=False,
    )


def _equilibrium(reading: SampledReading, steps: np.ndarray) -> tuple[np.ndarray, bool]:
    """Mean energy of an ideal sampler at these steps; the profile's own end where the ledger has none."""
    profile = reading.relaxation
    assert profile is not None
    if not reading.has("energy"):
        return np.asarray(profile["relaxation"].values, dtype=float)[:, -1], False
    known = dict(zip(reading.steps.tolist(), reading.column("energy").tolist(), strict=True))
    return np.array([known.get(int(step), np.nan) for step in steps]), True


def _tau(tau: int) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    rule: dict[str, object] = {"type": "line", "xref": "x", "yref": "y domain", "x0": tau, "x1": tau, "y0": 0, "y1": 1,
                               "line": {"color": "#6B7280", "width": 1.2, "dash": "dot"}}  # fmt: skip
    note: dict[str, object] = {"text": f" τ = {tau:,}", "x": tau, "xref": "x", "yref": "y domain", "y": 0.98,
                               "xanchor": "left", "yanchor": "top", "showarrow": False,
                               "font": {"size": 12, "color": "#4B5563"}}  # fmt: skip
    return [rule], [note]
